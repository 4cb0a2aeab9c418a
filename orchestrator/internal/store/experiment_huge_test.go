package store_test

import (
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// hungry measures by how much the heap grows at most while an experiment is
// read.
func hungry(in io.Reader) (most uint64, err error) {
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	before := stats.HeapInuse
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
			}
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			most = max(most, stats.HeapInuse-min(before, stats.HeapInuse))
		}
	})
	_, err = store.ReadExperiment(in)
	close(done)
	wait.Wait()
	return most, err
}

// repeated is a text between a head and an end, again and again, without being
// held.
func repeated(head, text string, times int, end string) io.Reader {
	return io.MultiReader(strings.NewReader(head), io.LimitReader(&again{text: text}, int64(len(text)*times)), strings.NewReader(end))
}

type again struct {
	text string
	at   int
}

func (a *again) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		m := copy(p[n:], a.text[a.at:])
		n, a.at = n+m, (a.at+m)%len(a.text)
	}
	return n, nil
}

// A file that was edited, or is another one altogether, can be huge.
func TestReadHuge(t *testing.T) {
	needs.Patience(t, "reads gigabytes")
	check := func(name string, in io.Reader, want string, most uint64) {
		t.Helper()
		took, err := hungry(in)
		if err == nil || !strings.Contains(err.Error(), want) || took > most {
			t.Errorf("%s: %.200v with %d MiB; want %s with %d MiB", name, err, took>>20, want, most>>20)
		}
	}
	const times = 16 << 20
	check("blanks", repeated("{"+v2+"}", " ", 2*times, "x"), "line 1, column 33554474: not JSON: invalid character 'x' after top-level value", 4<<20)
	check("lines", repeated("{", "\n", 2*times, "x"), "line 33554433, column 1: not JSON", 4<<20)
	check("empty trials", repeated("{"+v2+`, "trials": [`, "{},", times, "{}]}"), "a list of more than 64 MiB", 400<<20)
	check("empty batches", repeated("{"+v2+`, "trials": [{"batches": [`, "{},", times, "{}]}]}"), "a list of more than 64 MiB", 400<<20)
	check("many lists", repeated("{"+v2+`, "trials": [`, `{"gauges": [`+strings.Repeat("{},", 1<<14)+`{}]},`, times>>8, "{}]}"), "more data than fits into 384 MiB", 1<<30)
	check("unequal samples", repeated("{"+v2+`, "trials": [{"samples": {"t": [`, "1,", times, "1]}}]}"), `0 values of "trials[0].samples.anon" where "t" has 16777217`, 400<<20)
	check("a text", repeated("{"+v2+`, "run_id": "`, "x", 2*times, `"}`), "line 1, column 53: a value of more than 16 MiB", 200<<20)
	check("a number", repeated("{"+v2+`, "trials": [{"round": `, "1", 2*times, "}]}"), "a value of more than 16 MiB", 200<<20)
	check("unknown", repeated("{"+v2+`, "x": [`, "1,", 4*times, "1]}"), "a value of more than 64 MiB", 400<<20)
}

// Reading needs no more than what it reads, but for one trial.
func TestReadStreams(t *testing.T) {
	trial := `{"samples": {"t": [` + strings.Repeat("50000000,", 7499) + `1], "anon": [` + strings.Repeat("4096000,", 7499) + `1]}},`
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	exp, err := store.ReadExperiment(repeated("{"+v2+`, "trials": [`, trial, 200, "{}]}"))
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := exp.Trials[199].Samples.Len(); n != 7500 {
		t.Errorf("%d samples", n)
	}
	if allocated, size := after.TotalAlloc-before.TotalAlloc, uint64(200*len(trial)); allocated > size {
		t.Errorf("%d bytes allocated for a file of %d", allocated, size)
	}
}
