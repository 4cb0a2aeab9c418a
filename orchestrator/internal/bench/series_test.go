package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// realistic are samples as a trial of n at 20 Hz has them.
func realistic(n int) []Sample {
	random := rand.New(rand.NewPCG(1, 2))
	var samples []Sample
	anon := 40 * MiB
	for i := range n {
		anon += Bytes(random.IntN(2000)-900) * 4 * KiB
		samples = append(samples, Sample{At: time.Duration(i)*50*time.Millisecond + time.Duration(random.IntN(200_000)), Anon: max(anon, MiB), File: 3 * MiB})
	}
	return samples
}

func TestSeries(t *testing.T) {
	check := func(name string, samples ...Sample) {
		t.Helper()
		s := NewSeries(samples...)
		if diff := cmp.Diff(samples, s.Samples()); diff != "" {
			t.Errorf("%s: came back changed:\n%s", name, diff)
		}
		last, ok := s.Last()
		if s.Len() != len(samples) || ok != (len(samples) > 0) || ok && last != samples[len(samples)-1] {
			t.Errorf("%s: %d samples, the last %+v, %v", name, s.Len(), last, ok)
		}
	}
	least, most := time.Duration(math.MinInt64), time.Duration(math.MaxInt64)
	check("none")
	check("zeros", Sample{}, Sample{})
	check("back in time", Sample{At: 9}, Sample{At: 5}, Sample{At: 5}, Sample{At: 700})
	check("extremes", Sample{At: most, Anon: math.MinInt64}, Sample{At: least, Anon: math.MaxInt64, Swap: math.MinInt64}, Sample{At: most, File: 1}, Sample{Shmem: -1})
	check("odd amounts", Sample{Anon: 1}, Sample{Anon: 1025}, Sample{Anon: 1, Hugetlb: 1024, Shmem: 2048, Swap: 1, File: 77})
	check("a trial", realistic(7500)...)
}

// The samples of a large experiment have to fit into memory.
func TestSeriesIsSmall(t *testing.T) {
	s := NewSeries(realistic(7500)...)
	if each := float64(len(s.data)) / float64(s.Len()); each > 9 {
		t.Errorf("%.1f bytes a sample; want at most 9", each)
	}
}

// A copy keeps its samples, whichever of both is appended to.
func TestSeriesCopies(t *testing.T) {
	var one Series
	var want []Sample
	for i := range 100 {
		sample := Sample{At: time.Duration(i), Anon: Bytes(i * i)}
		one.Append(sample)
		want = append(want, sample)
		two := one
		two.Append(Sample{At: -1})
		three := one
		three.Append(Sample{At: -2, Anon: 7})
		for _, check := range []struct {
			name string
			got  Series
			want []Sample
		}{{"one", one, want}, {"two", two, append(slices.Clip(want), Sample{At: -1})}, {"three", three, append(slices.Clip(want), Sample{At: -2, Anon: 7})}} {
			if diff := cmp.Diff(check.want, check.got.Samples()); diff != "" {
				t.Fatalf("%s after %d samples:\n%s", check.name, i+1, diff)
			}
		}
	}
}

func TestSeriesEqual(t *testing.T) {
	samples := realistic(3)
	s := NewSeries(samples...)
	if !s.Equal(NewSeries(samples...)) || !(Series{}).Equal(NewSeries()) {
		t.Error("the same samples differ")
	}
	if s.Equal(NewSeries(samples[:2]...)) || s.Equal(NewSeries(samples[0], samples[2], samples[1])) || (Series{}).Equal(NewSeries(Sample{})) {
		t.Error("other samples are equal")
	}
}

func TestSeriesAllStops(t *testing.T) {
	n := 0
	for range NewSeries(realistic(9)...).All() {
		if n++; n == 4 {
			break
		}
	}
	if n != 4 {
		t.Errorf("%d samples; want 4", n)
	}
}

func TestSeriesJSON(t *testing.T) {
	check := func(want string, samples ...Sample) {
		t.Helper()
		got, err := json.Marshal(NewSeries(samples...))
		if err != nil || string(got) != want {
			t.Errorf("%v are %s, %v; want %s", samples, got, err, want)
		}
		var back Series
		if err := json.Unmarshal(got, &back); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(samples, back.Samples()); diff != "" {
			t.Errorf("%s came back changed:\n%s", got, diff)
		}
	}
	check(`{"t":[],"anon":[]}`)
	check(`{"t":[0],"anon":[0]}`, Sample{})
	check(`{"t":[5,3],"anon":[4096,0],"file":[0,7]}`, Sample{At: 5, Anon: 4096}, Sample{At: 3, File: 7})
	check(`{"t":[1],"anon":[2],"hugetlb":[3],"shmem":[4],"swap":[5],"file":[6]}`, Sample{1, 2, 3, 4, 5, 6})
}

func TestSeriesReads(t *testing.T) {
	check := func(in string, want ...Sample) {
		t.Helper()
		var s Series
		if err := json.Unmarshal([]byte(in), &s); err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if diff := cmp.Diff(want, s.Samples()); diff != "" {
			t.Errorf("%s:\n%s", in, diff)
		}
	}
	check("null")
	check("[ ]")
	check("{\"anon\": [ ], \"t\" : [\n] }")
	check(`[{"t":5,"anon":4096,"shmem":0,"file":2},{"t":6,"new":[1]},{}]`, Sample{At: 5, Anon: 4096, File: 2}, Sample{At: 6}, Sample{})
	check("{ \"new\": [{}], \"anon\" : [ 1,\n2 ] , \"t\": [-3, 4], \"swap\": [0, 9] }", Sample{At: -3, Anon: 1}, Sample{At: 4, Anon: 2, Swap: 9})
}

func TestSeriesErrors(t *testing.T) {
	check := func(in string, offset int64, want string) {
		t.Helper()
		s := NewSeries(Sample{At: 1})
		err := s.UnmarshalJSON([]byte(in))
		var placed *SeriesError
		if !errors.As(err, &placed) || err.Error() != "samples: "+want || placed.Offset != offset {
			t.Errorf("%s: %v, %+v; want %s at %d", in, err, placed, want, offset)
		}
		if s.Len() != 1 {
			t.Errorf("%s left %d samples", in, s.Len())
		}
	}
	check(`7`, 0, `a number where an object of lists is needed`)
	check(`{"t":[1],"anon":[]}`, 18, `0 values of "anon", but 1 of "t"`)
	check(`{"t":[1]}`, 8, `0 values of "anon", but 1 of "t"`)
	check(`{"anon":[1]}`, 11, `1 values of "anon", but 0 of "t"`)
	check(`{"t":[1],"anon":[1],"swap":[]}`, 29, `0 values of "swap", but 1 of "t"`)
	check(`{"t":[1],"anon":[-4]}`, 17, `"anon" is negative: -4`)
	check(`[{"t":1}, {"file":-1}]`, 10, `"file" is negative: -1`)
	check(`{"t":[1],"anon":[1.5]}`, 17, `number 1.5 where "anon" needs a 64-bit whole number`)
	check(`{"t":[1, 9223372036854775808],"anon":[1,1]}`, 9, `number 9223372036854775808 where "t" needs a 64-bit whole number`)
	check(`{"t":[1,"2"],"anon":[1,2]}`, 8, `a text where "t" needs a number`)
	check(`{"t":[[1]]}`, 6, `a list where "t" needs a number`)
	check(`{"t":null}`, 5, `null where "t" needs a list of numbers`)
	check(`{"t":{"t":1}}`, 5, `an object where "t" needs a list of numbers`)
	check(`{"t":[1],"t":[2],"anon":[1]}`, 9, `"t" occurs twice`)
	check(`[{"t":"x"}]`, 1, `string where "t" needs a 64-bit whole number`)
	check(`[5]`, 1, `number where a sample is needed`)
	check(`{"t":[1,]}`, 8, `invalid character ']' looking for beginning of value`)
	check(``, 0, `unexpected end of JSON input`)
	check(`{"t":[1`, 6, `unexpected end of JSON input`)
	check(`{"t":[1]`, 7, `unexpected end of JSON input`)
	check(`[{"t":1}`, 7, `unexpected end of JSON input`)
}

// Two bytes of a file must not become much more in memory.
func TestSeriesMemory(t *testing.T) {
	for in, most := range map[string]int64{
		`{"t":[` + strings.Repeat("1,", 1<<18) + `1],"anon":[` + strings.Repeat("1,", 1<<18) + `1]}`: 8,
		`[` + strings.Repeat("{},", 1<<16) + `{}]`:                                                   128, // nearly all of it free at once
	} {
		allocated := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var s Series
				if err := s.UnmarshalJSON([]byte(in)); err != nil {
					b.Fatal(err)
				}
			}
		}).AllocedBytesPerOp()
		if allocated > most*int64(len(in)) {
			t.Errorf("%.20s...: %d bytes for %d", in, allocated, len(in))
		}
	}
}

func FuzzSeries(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add([]byte("12345678abcdefghijklmnop"), true)
	f.Fuzz(func(t *testing.T, data []byte, whole bool) {
		var samples []Sample
		for chunk := range slices.Chunk(data, 12) {
			var v [6]int64
			for i, b := range chunk {
				v[i%6] = v[i%6]<<(b%61) ^ int64(int8(b))<<(b%64)
			}
			if whole {
				for i := range v {
					v[i] = v[i] & math.MaxInt64 &^ 1023
				}
			}
			samples = append(samples, sampleOf(v))
		}
		s := NewSeries(samples...)
		if diff := cmp.Diff(samples, s.Samples()); diff != "" {
			t.Fatalf("came back changed:\n%s", diff)
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Series
		negative := slices.ContainsFunc(samples, func(s Sample) bool { return min(s.Anon, s.Hugetlb, s.Shmem, s.Swap, s.File) < 0 })
		if err := json.Unmarshal(text, &back); (err != nil) != negative {
			t.Fatalf("%s: %v", text, err)
		} else if err == nil && !back.Equal(s) {
			t.Errorf("%s is read as another", text)
		}
	})
}

func FuzzSeriesJSON(f *testing.F) {
	f.Add([]byte(`{"t":[5,3],"anon":[4096,0],"file":[0,7]}`))
	f.Add([]byte(`[{"t":5,"anon":4096,"shmem":0,"file":2},{"new":[1]}]`))
	f.Add([]byte(`{"t":[1,"a",[]],"t":{},"anon":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Series
		if err := s.UnmarshalJSON(data); err != nil {
			var placed *SeriesError
			if !errors.As(err, &placed) || placed.Offset < 0 || placed.Offset > int64(len(data)) {
				t.Errorf("%q: %#v", data, err)
			}
			return
		}
		text, _ := s.MarshalJSON()
		var again Series
		if err := again.UnmarshalJSON(text); err != nil || !again.Equal(s) {
			t.Errorf("%q became %q: %v", data, text, err)
		}
	})
}

func BenchmarkSeries(b *testing.B) {
	samples := realistic(7500)
	text, _ := json.Marshal(NewSeries(samples...))
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NewSeries(samples...)
		}
	})
	b.Run("all", func(b *testing.B) {
		s := NewSeries(samples...)
		for b.Loop() {
			for range s.All() {
			}
		}
	})
	b.Run("marshal", func(b *testing.B) {
		s := NewSeries(samples...)
		for b.Loop() {
			_, _ = json.Marshal(s)
		}
	})
	b.Run("unmarshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var s Series
			_ = json.Unmarshal(bytes.Clone(text), &s)
		}
	})
}
