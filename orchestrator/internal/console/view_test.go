package console

import (
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/watch"
)

func TestSparkline(t *testing.T) {
	if got := sparkline(nil) + sparkline([]bench.Bytes{0, 50, 100}); got != "▁▄█" {
		t.Errorf("%q", got)
	}
}

// libc3 names a trial.
var libc3 = store.Of{Variant: "libc", Round: 3}

// shown gives what a view shows of records.
func shown(quiet bool, of store.Of, records ...any) string {
	var out safeBuffer
	v := NewView(&out, quiet, nil)
	for _, what := range records {
		v.Read(store.Record{Of: of, What: what})
	}
	v.Close()
	return out.String()
}

func TestEngineLine(t *testing.T) {
	for e, want := range map[store.Engine]string{
		{Text: `docker 20.10.24, context "far"`, Storage: "overlay2"}: "engine     docker 20.10.24, context \"far\" · overlay2\n",
		{Text: "process"}: "engine     process\n",
	} {
		if got := shown(false, store.Of{}, e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRoundLines(t *testing.T) {
	d := bench.Design{Rounds: 7}
	more := bench.Design{Rounds: 8}
	got := shown(false, store.Of{}, store.Header{Design: d}, store.Round{Number: 2, Left: 94 * time.Second},
		store.Judged{Round: 2, Void: "the machine slept", Again: 8}, store.Judged{Round: 3},
		store.Round{Number: 8, Repeats: 2, Left: time.Second},
		store.Header{Design: more}, store.Round{Number: 9},
		bench.Warning{Code: store.CodePlan, Text: "known before"}, bench.Warning{Code: "out-of-time", Text: "it is late"})
	want := `round      2/7 · about 1m30s left
note       round 2 does not count: the machine slept; it is repeated as round 8
round      8, in place of round 2 · about 10s left
round      9, as there is time
note       it is late
`
	if got != want {
		t.Errorf("shows\n%s\nwant\n%s", got, want)
	}
	if got := shown(false, store.Of{}, store.Header{Design: bench.Design{Rounds: 1}}, store.Round{Number: 1}); got != "" {
		t.Errorf("one round of one: %q", got)
	}
}

// TestPlainView is what a log file gets: a line for each step, none of it with
// -q but the warnings.
func TestPlainView(t *testing.T) {
	records := []any{
		store.Step{Variant: "libc", Kind: store.StepLog, Text: "Step 1/2 : FROM x"},
		store.Step{Variant: "libc", Kind: store.StepLog, Text: " ---> 0123456789ab"},
		store.Step{Variant: "libc", Kind: store.StepBuilt, Text: "stair-stepper:libc", Took: 12 * time.Second},
		store.Header{Design: bench.Design{Rounds: 1, Batches: 2, Pause: 5 * time.Second}},
		store.Trial{Container: "stepper-libc"},
		bench.Proof{Allocator: "glibc", Version: "2.36", Linkage: "linked", Arenas: 16},
		bench.Phase{Kind: bench.PhaseBatch, Batch: 1, Start: 1},
		bench.Sample{Anon: 570 * bench.MiB},
		bench.Sample{Anon: 575 * bench.MiB, Shmem: bench.MiB},
		bench.Sample{Anon: bench.MiB},
		store.Progress{Done: 10},
		bench.Phase{Kind: bench.PhaseBatch, Batch: 1, Start: 1, End: 2},
		bench.Batch{Number: 1, Requests: 2500, End: 73 * time.Second, Latency: bench.Latency{P50: 467e6, P99: 520e6}, HighWater: bench.MiB},
		bench.Phase{Kind: bench.PhasePause, Batch: 1, Start: 3},
		bench.Batch{Number: 2, Requests: 10, Failed: 3, Errors: map[string]int{"timeout": 3}, HighWater: 600 * bench.MiB},
		bench.Warning{Code: "x", Text: "stands in the report"},
		store.Ended{Error: "died in batch 2: exit 1"},
	}
	want := `           libc | Step 1/2 : FROM x
image      libc: built in 12 s stair-stepper:libc
proof      libc runs glibc 2.36, linked, 16 arenas · as stepper-libc
libc       round 3 batch 1/2 begins
libc       round 3 batch 1/2: 2,500 requests in 73.0 s, 0 failed, peak 576 MiB, p50 467ms, p99 520ms
libc       round 3 pause 5s
libc       round 3 batch 2/2: 10 requests in 0.0 s, 3 failed, peak 600 MiB, p50 0s, p99 0s
libc       round 3 batch 2/2: failed were timeout 3
warning: libc, round 3: died in batch 2: exit 1
`
	if got := shown(false, libc3, records...); got != want {
		t.Errorf("shows\n%s\nwant\n%s", got, want)
	}
	if got := shown(true, libc3, records...); got != "warning: libc, round 3: died in batch 2: exit 1\n" {
		t.Errorf("-q shows\n%s", got)
	}
}

func TestBuildLog(t *testing.T) {
	var logs []any
	for _, text := range []string{"\x1b[31merror:\x1b[0m no", " 10 %\r 90 %\r100 %\r", "\r", "\x1b[0m"} {
		logs = append(logs, store.Step{Variant: "libc", Kind: store.StepLog, Text: text})
	}
	if got, want := shown(false, store.Of{}, logs...), "           libc | error: no\n           libc | 100 %\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	var out safeBuffer
	NewView(&out, true, nil).Broken("musl", []string{"cc -c x.c", "", "x.c: \x1b[1mno such file\x1b[0m"})
	if want := "musl | cc -c x.c\nmusl | x.c: no such file\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// What is of no trial makes none.
func TestFollowNoTrial(t *testing.T) {
	v := NewView(&safeBuffer{}, false, nil)
	for _, what := range []any{store.End{}, store.Resumed{}, store.Progress{Done: 1}, bench.Sample{}} {
		v.Read(store.Record{What: what})
	}
	if len(v.trials) != 0 {
		t.Errorf("%d trials", len(v.trials))
	}
	v.Read(store.Record{Of: libc3, What: store.Trial{}})
	if len(v.trials) != 1 {
		t.Errorf("%d trials; want the one that began", len(v.trials))
	}
}

// TestBars moves the live bars from several goroutines while they are drawn, and
// prints lines above them: nothing may block.
func TestBars(t *testing.T) {
	var out safeBuffer
	b := newBars(&out, &out)
	var trials sync.WaitGroup
	for _, variant := range []string{"libc", "jemalloc", "musl"} {
		trials.Go(func() {
			for i := range 200 {
				b.update(watch.Standing{Of: store.Of{Variant: variant, Round: 1}, Round: "round 1", Phase: bench.PhaseBatch, Batch: 1, Batches: 2, Done: i, Total: 200, Memory: bench.MiB})
				if i%50 == 0 {
					b.above("a line about " + variant)
				}
				time.Sleep(2 * time.Millisecond)
			}
			b.done(store.Of{Variant: variant, Round: 1})
		})
	}
	trials.Wait()
	b.update(watch.Standing{Of: store.Of{Variant: "libc", Round: 1}, Round: "round 1", Total: 10})
	b.close()
	for _, want := range []string{"libc round 1 batch 1/2", "1 MiB", "a line about musl", "0 failed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q was never drawn", want)
		}
	}
}

// TestHostileView has everything that is shown while a comparison runs hold what
// a terminal acts on.
func TestHostileView(t *testing.T) {
	for _, text := range []string{
		"\x1b[2J\x1b]0;t\x07", "\u009b31m\x9b", "\u202e\u2066\u200b\u2028", "a\r\nb\x08\x7f", strings.Repeat("x", 64_000), strings.Repeat("y\x1b ", 30_000),
	} {
		var out safeBuffer
		v := NewView(&out, false, nil)
		of := store.Of{Variant: text, Round: 1}
		for _, kind := range []string{store.StepBuilding, store.StepLog, store.StepBuilt, store.StepReused} {
			v.Read(store.Record{What: store.Step{Variant: text, Kind: kind, Text: text}})
		}
		for _, what := range []any{
			store.Engine{Text: text, Storage: text},
			store.Header{},
			store.Trial{Container: text},
			bench.Proof{Allocator: text, Version: text, Linkage: text},
			bench.Phase{Kind: bench.PhaseWarmup},
			bench.Batch{Failed: 1, Requests: 2, Errors: map[string]int{text: 1}},
			bench.Batch{Failed: 1, Requests: 1, Errors: map[string]int{text: 1}},
			store.Judged{Void: text},
			store.Note{Text: text},
			store.Ended{Error: text},
		} {
			v.Read(store.Record{Of: of, What: what})
		}
		v.Read(store.Record{What: bench.Warning{Text: text}})
		v.Warn(text)
		v.Logger().Warn(text, text, text)
		NewView(&out, true, nil).Broken(text, []string{text, text})
		v.Line("bar", "%s", barHead(&bar{status: watch.Standing{Of: of, Phase: bench.PhaseIdle}}))
		for line := range strings.Lines(out.String()) {
			if len(line) > 8000 {
				t.Errorf("a line of %d bytes: %.200q", len(line), line)
			}
			if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), acted); i >= 0 || !utf8.ValidString(line) {
				t.Errorf("%.40q shows as %.400q", text, line)
			}
		}
	}
}

// acted says that a terminal acts on a sign, or does not show it.
func acted(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// safeBuffer is a buffer for several goroutines.
type safeBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
