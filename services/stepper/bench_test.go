package main

import "testing"

// BenchmarkHandOff is what a job costs beside its work.
func BenchmarkHandOff(b *testing.B) {
	p, err := newPool(10, false)
	if err != nil {
		b.Fatal(err)
	}
	defer p.close()
	q := p.pick()
	b.ReportAllocs()
	for b.Loop() {
		q.run(func(*worker) {})
	}
}
