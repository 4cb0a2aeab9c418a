package web

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// replay gives the records of a run of 3 variants and 10 rounds of 2 batches, as
// the default design has them, second by second.
func replay() [][]store.Record {
	const rounds, perRound = 10, 60
	h := header(rounds)
	h.Design.Variants = append(h.Design.Variants, bench.Variant{Name: "jemalloc"})
	h.Plan.Iterations = 480
	start := time.Now()
	var seconds [][]store.Record
	for round := 1; round <= rounds; round++ {
		for second := range perRound {
			var all []store.Record
			put := func(of store.Of, what any) { all = append(all, store.Record{Of: of, What: what}) }
			if second == 0 {
				put(store.Of{}, h)
				put(store.Of{}, store.Round{Number: round})
			}
			for v, variant := range h.Design.Variants {
				of := store.Of{Variant: variant.Name, Round: round}
				at := func(ms int) time.Duration {
					return time.Duration(second)*time.Second + time.Duration(ms)*time.Millisecond
				}
				if second == 0 {
					put(of, store.Trial{Started: start.Add(time.Duration(round*perRound) * time.Second)})
					put(of, bench.Proof{Allocator: "glibc", Version: "2.36"})
				}
				if second%25 == 5 && second < 50 {
					put(of, bench.Phase{Kind: bench.PhaseBatch, Batch: 1 + second/25, Start: at(0)})
				}
				for i := range 20 {
					memory := 300 + 100*float64(v) + 50*math.Sin(float64(second*20+i)) // MiB
					put(of, bench.Sample{At: at(50 * i), Anon: bench.Bytes(memory * float64(bench.MiB))})
					if i%5 == 0 {
						put(of, store.Progress{Done: second % 25 * 19})
					}
				}
				put(of, bench.Gauge{At: at(500), LiveRequested: 90 * bench.MiB, LiveUsable: 91 * bench.MiB})
				if second%25 == 24 {
					put(of, bench.Phase{Kind: bench.PhaseBatch, Batch: 1 + second/25, Start: at(-19_000), End: at(0)})
					put(of, bench.Batch{
						Number: 1 + second/25, Start: at(-19_000), End: at(0), Requests: 480, CPU: time.Second, HighWater: 450 * bench.MiB,
						Latency: bench.Latency{P50: 5e8, P90: 6e8, P99: 7e8}, Machine: &bench.Machine{Elapsed: time.Second, CPUs: 2},
					})
				}
				if second == perRound-1 {
					put(of, store.Ended{Sampler: bench.Sampler{Every: 50 * time.Millisecond, Taken: 20 * perRound}})
				}
			}
			if second == perRound-1 {
				put(store.Of{}, store.Judged{Round: round, Rounds: rounds, Took: perRound * time.Second})
			}
			seconds = append(seconds, all)
		}
	}
	return seconds
}

// BenchmarkLive shows what a second of a run costs the page with one browser open
// that fetches each new report, in per cent of a core: reading the records,
// telling the browser, drawing reports. That of a reader which takes the place of
// the browser is in it.
func BenchmarkLive(b *testing.B) {
	seconds := replay()
	var share float64
	for b.Loop() {
		b.StopTimer()
		s, err := Listen(b.Context(), Address{Host: "127.0.0.1"})
		if err != nil {
			b.Fatal(err)
		}
		heard := make(chan int, 1000)
		answer, err := http.Get(s.URL() + "/events")
		if err != nil {
			b.Fatal(err)
		}
		go func() {
			defer close(heard)
			buffer := make([]byte, 256<<10)
			for {
				n, err := answer.Body.Read(buffer)
				if err != nil {
					return
				}
				heard <- n
			}
		}()
		b.StartTimer()
		before := cpu(b)
		figures := 0
		for _, records := range seconds {
			for _, r := range records {
				s.Read(r)
			}
			s.tick()
			<-heard
			if s.figures != figures {
				figures = s.figures
				fetchReport(b, s)
			}
		}
		share += (cpu(b) - before).Seconds() / float64(len(seconds))
		b.StopTimer()
		answer.Body.Close()
		for range heard {
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(100*share/float64(b.N), "%core")
}

func fetchReport(b *testing.B, s *Site) {
	answer, err := http.Get(s.URL() + "/report")
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		b.Fatal(fmt.Errorf("%s: %w", answer.Status, err))
	}
}

// cpu is what this process has taken so far.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
