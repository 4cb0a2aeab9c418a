package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

func TestNumbers(t *testing.T) {
	check := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	check(words.Count(0), "0")
	check(words.Count(999), "999")
	check(words.Count(1000), "1,000")
	check(words.Count(12500), "12,500")
	check(words.Count(-1234567), "-1,234,567")
	check(words.Body(int64(31)), "31 B")
	check(words.Body(int64(604_654)), "605 kB")
	check(words.Body(int64(1_970_900)), "1.97 MB")
	check(words.Plural(1, "batch", "batches"), "1 batch")
	check(words.Plural(3, "batch", "batches"), "3 batches")
	check(sparkline(nil), "")
	check(sparkline([]bench.Bytes{0, 50, 100}), "▁▄█")
}

func TestEngineLine(t *testing.T) {
	for info, want := range map[engine.Info]string{
		{Name: "docker", Version: "20.10.24", Storage: "overlay2"}:                 "engine     docker 20.10.24 · overlay2\n",
		{Name: "docker", Version: "20.10.24", Storage: "overlay2", Context: "far"}: "engine     docker 20.10.24, context \"far\" · overlay2\n",
		{Name: "process"}: "engine     process\n",
	} {
		var out safeBuffer
		newView(&out, false, bench.Design{}).Engine(info)
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
}

// TestBars moves the live bars from several goroutines while they are drawn, and
// prints lines above them: nothing may block.
func TestBars(t *testing.T) {
	var out safeBuffer
	b := newBars(&out, bench.Design{})
	var trials sync.WaitGroup
	for _, variant := range []string{"libc", "jemalloc", "musl"} {
		trials.Go(func() {
			for i := range 200 {
				b.update(lab.Status{Variant: variant, Round: 1, Phase: bench.PhaseBatch, Batch: 1, Batches: 2, Done: i, Total: 200, RSS: bench.MiB})
				if i%50 == 0 {
					b.above("a line about " + variant)
				}
				time.Sleep(2 * time.Millisecond)
			}
			b.done(trialKey{variant, 1})
		})
	}
	trials.Wait()
	b.update(lab.Status{Variant: "libc", Total: 10})
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
		d := bench.Design{Variants: []bench.Variant{{Name: text}}, Baseline: text, Batches: 1, Rounds: 1}
		v := newView(&out, false, d)
		v.header(d, bench.Plan{File: text, Tags: []string{text}, SHA256: text, Items: []bench.PlanItem{{Name: text}, {Name: text}}}, experience{})
		for _, event := range []engine.Event{engine.Building, engine.Log, engine.Built, engine.Reused} {
			v.Preparing(engine.Progress{Variant: text, Event: event, Text: text})
		}
		v.Proved(text, 1, text, bench.Proof{Allocator: text, Version: text, Linkage: text})
		v.Phase(text, 1, bench.Phase{Kind: bench.PhaseWarmup})
		v.Batch(text, 1, bench.Batch{}, 0)
		v.Ended(bench.Trial{Variant: text, Error: text})
		v.Note(text)
		v.warn(text)
		v.logger().Warn(text, text, text)
		quiet := newView(&out, true, d)
		quiet.broken(fmt.Errorf("it failed: %w", &engine.BuildError{Variant: text, Log: []string{text, text}}))
		a := &app{stdout: &out, stderr: &out}
		a.printError(&hint.Error{Mistake: true, Err: errors.New(text), Advice: text})
		a.tellKept(&bench.Experiment{Trials: []bench.Trial{{Container: text, Address: text}}, Environment: bench.Environment{Engine: text}})
		if err := a.dryRun(d, &plan.Plan{}, experience{}); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&out, head(&bar{status: lab.Status{Variant: text, Phase: bench.PhaseIdle}}))
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

func TestBuildLog(t *testing.T) {
	var out safeBuffer
	v := newView(&out, false, bench.Design{})
	for _, text := range []string{"\x1b[31merror:\x1b[0m no", " 10 %\r 90 %\r100 %\r", "\r", "\x1b[0m"} {
		v.Preparing(engine.Progress{Variant: "libc", Event: engine.Log, Text: text})
	}
	if want := "           libc | error: no\n           libc | 100 %\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out = safeBuffer{}
	newView(&out, true, bench.Design{}).broken(&engine.BuildError{Variant: "musl", Log: []string{"cc -c x.c", "", "x.c: \x1b[1mno such file\x1b[0m"}})
	if want := "musl | cc -c x.c\nmusl | x.c: no such file\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
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

// TestPlainView is what a log file gets: a line for each step, none of it with
// -q but the warnings.
func TestPlainView(t *testing.T) {
	show := func(quiet bool) string {
		var out strings.Builder
		v := newView(&out, quiet, bench.Design{Rounds: 1, Batches: 2})
		v.Preparing(engine.Progress{Variant: "libc", Event: engine.Log, Text: "Step 1/2 : FROM x"})
		v.Preparing(engine.Progress{Variant: "libc", Event: engine.Log, Text: " ---> 0123456789ab"})
		v.Preparing(engine.Progress{Variant: "libc", Event: engine.Built, Text: "stair-stepper:libc", Took: 12 * time.Second})
		v.Proved("libc", 1, "stepper-libc", bench.Proof{Allocator: "glibc", Version: "2.36", Linkage: "linked", Arenas: 16})
		v.Phase("libc", 1, bench.Phase{Kind: bench.PhaseBatch, Batch: 1})
		v.Status(lab.Status{Variant: "libc"})
		v.Batch("libc", 1, bench.Batch{Number: 1, Requests: 2500, End: 73 * time.Second, Latency: bench.Latency{P50: 467e6, P99: 520e6}}, 576*bench.MiB)
		v.Ended(bench.Trial{Variant: "libc", Round: 1, Error: "died in batch 2: exit 1"})
		v.close()
		return out.String()
	}
	want := `           libc | Step 1/2 : FROM x
image      libc: built in 12 s stair-stepper:libc
proof      libc runs glibc 2.36, linked, 16 arenas · as stepper-libc
libc       round 1 batch 1/2 begins
libc       round 1 batch 1/2: 2,500 requests in 73.0 s, 0 failed, peak 576 MiB, p50 467ms, p99 520ms
warning: libc, round 1: died in batch 2: exit 1
`
	if got := show(false); got != want {
		t.Errorf("shows\n%s\nwant\n%s", got, want)
	}
	if got := show(true); got != "warning: libc, round 1: died in batch 2: exit 1\n" {
		t.Errorf("-q shows\n%s", got)
	}
}
