package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// span is when something of a trial was, by the clock on the wall.
type span struct{ from, to time.Time }

func phaseOf(t *testing.T, exp *bench.Experiment, variant string, round int, kind string, batch int) span {
	t.Helper()
	for _, trial := range exp.Trials {
		for _, p := range trial.Phases {
			if trial.Variant == variant && trial.Round == round && p.Kind == kind && p.Batch == batch {
				return span{trial.Started.Add(p.Start), trial.Started.Add(p.End)}
			}
		}
	}
	t.Fatalf("no %s %d of %s in round %d", kind, batch, variant, round)
	return span{}
}

// The final idle of a round goes on beside the next one, unless it is to be
// alone. Either way it has its length.
func TestIdleBesideTheNextRound(t *testing.T) {
	for _, alone := range []bool{false, true} {
		f := honest(nil)
		conf := config(t, f)
		conf.Design.Rounds, conf.Design.Batches, conf.Design.Idle, conf.Design.LoneIdle = 2, 1, 1500*time.Millisecond, alone
		exp, err := conf.run(t.Context())
		if err != nil || len(exp.Trials) != 4 {
			t.Fatalf("%v, %d trials", err, len(exp.Trials))
		}
		for _, variant := range []string{"libc", "jemalloc"} {
			idle := phaseOf(t, exp, variant, 1, bench.PhaseIdle, 1)
			next := phaseOf(t, exp, variant, 2, bench.PhaseWarmup, 0)
			if beside := next.from.Before(idle.to); beside == alone {
				t.Errorf("alone %v: the next round of %s began %v after the idle", alone, variant, next.from.Sub(idle.to))
			}
			if length := idle.to.Sub(idle.from); length < conf.Design.Idle {
				t.Errorf("%s was idle for %v", variant, length)
			}
		}
		if len(left(f)) != 0 {
			t.Errorf("left running: %v", left(f))
		}
	}
}

// Apart, no batch of a variant meets one of another; the order is the round's.
func TestApart(t *testing.T) {
	f := honest(nil)
	conf := config(t, f)
	conf.Design.Mode, conf.Design.Rounds, conf.Design.Idle = bench.Apart, 3, 300*time.Millisecond
	exp, err := conf.run(t.Context())
	if err != nil || len(exp.Trials) != 6 {
		t.Fatalf("%v, %d trials", err, len(exp.Trials))
	}
	for _, round := range design.Schedule(conf.Design) {
		first, second := round.Order[0], round.Order[1]
		last := phaseOf(t, exp, first, round.Number, bench.PhaseBatch, conf.Design.Batches)
		next := phaseOf(t, exp, second, round.Number, bench.PhaseBatch, 1)
		if next.from.Before(last.to) {
			t.Errorf("round %d: %s was loaded %v before %s was done", round.Number, second, last.to.Sub(next.from), first)
		}
	}
	if len(left(f)) != 0 {
		t.Errorf("left running: %v", left(f))
	}
}

// machineRoot is a root in which a machine's own figures are whatever a test
// says.
type machineRoot struct {
	t    *testing.T
	dir  string
	mu   sync.Mutex
	user int // ticks
}

func newMachineRoot(t *testing.T) *machineRoot {
	m := &machineRoot{t: t, dir: t.TempDir()}
	for name, text := range map[string]string{"sys/devices/system/cpu/online": "0-1\n", "proc/stat": ""} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(m.dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m.work(0)
	return m
}

// work adds CPU time that neither a variant nor the lab used.
func (m *machineRoot) work(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.user += int(d / (10 * time.Millisecond))
	next := filepath.Join(m.dir, "next")
	if err := os.WriteFile(next, fmt.Appendf(nil, "cpu  %d 0 0 0 0 0 0 0 0 0\n", m.user), 0o644); err != nil {
		m.t.Error(err)
	}
	if err := os.Rename(next, filepath.Join(m.dir, "proc/stat")); err != nil {
		m.t.Error(err)
	}
}

// A round in which others took the machine does not count and is repeated at the
// end, once, also if the repetition fares no better.
func TestVoidRound(t *testing.T) {
	for _, again := range []bool{false, true} {
		machine := newMachineRoot(t)
		var mu sync.Mutex
		disturbed := map[string]bool{}
		f := honest(func(in *enginetest.FakeInstance) {
			mu.Lock()
			defer mu.Unlock()
			round := in.Spec.Labels["round"]
			if (round == "1" || again) && !disturbed[round] {
				disturbed[round] = true
				machine.work(time.Hour)
				time.Sleep(leastJudged)
			}
		})
		conf := config(t, f)
		conf.machine = meter.FS(machine.dir)
		conf.Design.Rounds, conf.Design.Batches, conf.Design.VoidAt = 2, 1, 0.25
		exp, err := conf.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := "1 void, 1 void, 2, 2, 3 for 1, 3 for 1"
		if again {
			want = "1 void, 1 void, 2 void, 2 void, 3 for 1 void, 3 for 1 void, 4 for 2 void, 4 for 2 void"
		}
		var got []string
		for _, trial := range exp.Trials {
			text := fmt.Sprint(trial.Round)
			if trial.Repeats > 0 {
				text += fmt.Sprintf(" for %d", trial.Repeats)
			}
			if trial.Void != "" {
				text += " void"
				if !strings.Contains(trial.Void, "other processes took ") || !strings.Contains(trial.Void, "batch 1") {
					t.Errorf("reason %q", trial.Void)
				}
			}
			got = append(got, text)
			if trial.Batches[0].Machine == nil || trial.Batches[0].Machine.CPUs != 2 {
				t.Errorf("%s: nothing is known of the machine", trial.Variant)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("rounds %s; want %s", strings.Join(got, ", "), want)
		}
		if j := of[store.Judged](conf); j[0].Round != 1 || j[0].Again != 3 || !strings.HasPrefix(j[0].Void, "other processes took ") {
			t.Errorf("verdicts %+v", j)
		}
		if len(left(f)) != 0 {
			t.Errorf("left running: %v", left(f))
		}
	}
}

func TestJudge(t *testing.T) {
	limit := 0.25
	check := func(m bench.Machine, want string) {
		t.Helper()
		u := &underway{}
		tr := &trial{round: u, design: bench.Design{VoidAt: limit}, part: &participant{variant: bench.Variant{Name: "musl"}}}
		tr.judge(bench.Batch{Number: 2, Machine: &m})
		if got := u.spoiled(); got != want {
			t.Errorf("%+v: %q; want %q", m, got, want)
		}
	}
	quiet := bench.Machine{Elapsed: 10 * time.Second, CPUs: 2, Others: 5 * time.Second, Stolen: 20 * time.Second, Slept: time.Second, Jumped: -2 * time.Second}
	check(quiet, "") // what the hypervisor steals is told, and spoils nothing
	busy, asleep, set := quiet, quiet, quiet
	busy.Others = 6 * time.Second
	check(busy, "other processes took 30 % of the machine in musl's batch 2")
	limit = 0
	check(busy, "")
	limit = 0.25
	asleep.Slept = time.Hour
	check(asleep, "the machine slept for 1h0m0s in musl's batch 2")
	set.Jumped = -3 * time.Second
	check(set, "the clock was changed by -3s in musl's batch 2")
	short := bench.Machine{Elapsed: 900 * time.Millisecond, CPUs: 2, Others: time.Second}
	check(short, "")
}

// A bound on the time ends a run between two rounds, never within one.
func TestUntil(t *testing.T) {
	f := honest(nil)
	conf := config(t, f)
	conf.Design.Rounds, conf.Design.Batches, conf.Design.Until = 50, 1, 5*time.Second
	exp, err := conf.run(t.Context())
	if err != nil || exp.Interrupted {
		t.Fatalf("%v, interrupted %v", err, exp.Interrupted)
	}
	rounds := len(exp.Trials) / 2
	if took := exp.Ended.Sub(exp.Started); rounds < 1 || rounds > 5 || took > 15*time.Second {
		t.Errorf("%d rounds in %v", rounds, took)
	}
	if len(exp.Warnings) != 1 || exp.Warnings[0].Code != "out-of-time" || !strings.Contains(exp.Warnings[0].Text, "more rounds did not fit into 5s") {
		t.Errorf("warnings %v", exp.Warnings)
	}
	for _, trial := range exp.Trials {
		if trial.Error != "" {
			t.Errorf("round %d of %s: %s", trial.Round, trial.Variant, trial.Error)
		}
	}
}

// Rounds are added while there is time, where the design asks for it.
func TestFill(t *testing.T) {
	f := honest(nil)
	conf := config(t, f)
	conf.Design.Rounds, conf.Design.Batches, conf.Design.Until, conf.Design.Fill = 1, 1, 6*time.Second, true
	exp, err := conf.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rounds := len(exp.Trials) / 2; rounds < 2 || rounds > 6 {
		t.Errorf("%d rounds in 6 s", rounds)
	}
	if len(exp.Warnings) != 0 || exp.Design.Rounds != len(exp.Trials)/2 {
		t.Errorf("warnings %v, %d rounds of %d trials", exp.Warnings, exp.Design.Rounds, len(exp.Trials))
	}
}

// An interruption in the last final idle takes everything away, those variants
// included whose own idle is over and that were to be kept.
func TestKeepInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	f := honest(func(in *enginetest.FakeInstance) {
		if in.Spec.Labels["variant"] == "jemalloc" { // 20 requests, 4 at a time: libc is done long before
			time.Sleep(200 * time.Millisecond)
		}
	})
	conf := config(t, f)
	conf.Keep, conf.Design.Batches, conf.Design.Idle = true, 1, 500*time.Millisecond
	conf.read = whenPhase(func(variant, kind string) {
		if variant == "jemalloc" && kind == bench.PhaseIdle {
			time.AfterFunc(100*time.Millisecond, stop)
		}
	})
	exp, err := conf.run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	for _, trial := range exp.Trials {
		want := map[string]string{"libc": "", "jemalloc": "interrupted in the final idle"}[trial.Variant]
		if trial.Error != want {
			t.Errorf("%s: %q; want %q", trial.Variant, trial.Error, want)
		}
	}
	if len(left(f)) != 0 {
		t.Errorf("left running: %v", left(f))
	}
}

// The baseline's twin runs the very image of the baseline, in a container of its
// own, and nothing is built for it.
func TestTwin(t *testing.T) {
	f := honest(nil)
	handler := f.Handler
	f.Handler = func(in *enginetest.FakeInstance) http.Handler {
		if in.Spec.Labels["variant"] == "libc-twin" {
			return stepper(in, "glibc", nil)
		}
		return handler(in)
	}
	conf := config(t, f)
	conf.Design.Twin, conf.Design.Batches = "libc-twin", 1
	conf.Design.Variants = append(conf.Design.Variants, bench.Variant{Name: "libc-twin"})
	exp, err := conf.run(t.Context())
	if err != nil || len(exp.Trials) != 3 {
		t.Fatalf("%v, %d trials", err, len(exp.Trials))
	}
	libc, twin := exp.Trials[0], exp.Trials[2]
	if twin.Variant != "libc-twin" || twin.ImageID != libc.ImageID || twin.Image != libc.Image || twin.Container == libc.Container || twin.Error != "" {
		t.Errorf("libc %s %s, twin %s %s: %s", libc.Image, libc.Container, twin.Image, twin.Container, twin.Error)
	}
}
