package lab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// several is a world of these variants, libc among them, with one batch a trial.
func several(t *testing.T, f *enginetest.Fake, names ...string) *world {
	conf := config(t, f)
	conf.Design.Variants, conf.Design.Batches = nil, 1
	for _, name := range names {
		conf.Design.Variants = append(conf.Design.Variants, bench.Variant{Name: name, Dockerfile: "Dockerfile." + name})
	}
	return conf
}

// lying has a variant run another allocator than it promises, from a round on.
func lying(f *enginetest.Fake, variant, from string) {
	handler := f.Handler
	f.Handler = func(in *enginetest.FakeInstance) http.Handler {
		if in.Spec.Labels["variant"] == variant && in.Spec.Labels["round"] >= from {
			return stepper(in, "another", nil)
		}
		return handler(in)
	}
}

// trialsOf lists trials as VARIANT/ROUND, and what was left out.
func trialsOf(exp *bench.Experiment) string {
	var all []string
	for _, trial := range exp.Trials {
		all = append(all, store.Of{Variant: trial.Variant, Round: trial.Round}.String())
	}
	for _, out := range exp.LeftOut {
		all = append(all, fmt.Sprintf("%s out in %d", out.Variant, out.Round))
	}
	return strings.Join(all, " ")
}

// A variant that cannot be built, started or proved is left out, and the others go
// on; with Strict, or if it is the baseline, the run ends.
func TestLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*enginetest.Fake)
		strict bool
		want   string
		err    string
	}{
		"at its build": {
			func(f *enginetest.Fake) { f.FailPrepare = map[string]error{"musl": errors.New("no such package")} }, false,
			"libc/1 jemalloc/1 libc/2 jemalloc/2 musl out in 0", "",
		},
		"at its start":   {func(f *enginetest.Fake) { f.FailStart = map[string]error{"musl": errors.New("no such library")} }, false, "libc/1 jemalloc/1 libc/2 jemalloc/2 musl out in 1", ""},
		"at its proof":   {func(f *enginetest.Fake) { lying(f, "musl", "1") }, false, "libc/1 jemalloc/1 libc/2 jemalloc/2 musl out in 1", ""},
		"at a later one": {func(f *enginetest.Fake) { lying(f, "musl", "2") }, false, "libc/1 jemalloc/1 musl/1 libc/2 jemalloc/2 musl out in 2", ""},
		"strict, build": {
			func(f *enginetest.Fake) { f.FailPrepare = map[string]error{"musl": errors.New("no such package")} }, true,
			"", "no such package",
		},
		"strict, start": {func(f *enginetest.Fake) { f.FailStart = map[string]error{"musl": errors.New("no such library")} }, true, "", "no such library"},
		"strict, proof": {func(f *enginetest.Fake) { lying(f, "musl", "1") }, true, "", "runs another's malloc"},
		"the baseline": {
			func(f *enginetest.Fake) { f.FailPrepare = map[string]error{"libc": errors.New("no such package")} }, false,
			"", "no such package",
		},
		"the baseline's proof": {func(f *enginetest.Fake) { lying(f, "libc", "1") }, false, "", "runs another's malloc"},
		"all others": {func(f *enginetest.Fake) {
			f.FailPrepare = map[string]error{"musl": errors.New("no such package"), "jemalloc": errors.New("no such package")}
		}, false, "", "no such package"},
	} {
		t.Run(name, func(t *testing.T) {
			faked(t, func(t *testing.T) {
				f := honest(nil)
				c.spoil(f)
				conf := several(t, f, "libc", "jemalloc", "musl")
				conf.Design.Rounds, conf.Strict = 2, c.strict
				exp, err := conf.run(t.Context())
				got := ""
				if exp != nil {
					got = trialsOf(exp)
				}
				if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Errorf("%q, %v; want %q, %q", got, err, c.want, c.err)
				}
				noneLeft(t, f)
			})
		})
	}
}

// In groups every variant has a trial in every round, the baseline in every group,
// and one that fails is missed by nobody else.
func TestGroups(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		lying(f, "scudo", "1")
		conf := several(t, f, "libc", "jemalloc", "musl", "mimalloc", "scudo")
		conf.Design.Baseline, conf.Design.Rounds, conf.Design.AtOnce = "libc", 2, 3
		conf.Design = design.Grouped(conf.Design, 2, nil)
		exp, err := conf.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for _, trial := range exp.Trials {
			count[trial.Variant]++
			if trial.Turn != (trial.Round+1)/2 || trial.Group != (trial.Round+1)%2+1 {
				t.Errorf("trial %d of %s is of round %d, group %d", trial.Round, trial.Variant, trial.Turn, trial.Group)
			}
		}
		if diff := cmp.Diff(map[string]int{"libc": 4, "jemalloc": 2, "musl": 2, "mimalloc": 2}, count); diff != "" || len(exp.LeftOut) != 1 {
			t.Errorf("%s, left out %v", diff, exp.LeftOut)
		}
		noneLeft(t, f)
	})
}

// What the variants of the first round needed decides on the groups of the others.
func TestRegroup(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		conf := several(t, f, "libc", "jemalloc", "musl", "mimalloc", "scudo")
		conf.Design.Baseline, conf.Design.Rounds, conf.Design.Workers = "libc", 2, 3
		conf.Design = design.Grouped(conf.Design, 1, nil) // room for one beside the baseline
		exp, err := conf.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		groups := map[int]int{}
		for _, r := range of[store.Round](conf) {
			groups[r.Turn] = r.Groups
		}
		demanded := 0
		for _, j := range of[store.Judged](conf) {
			demanded += len(j.Demand)
		}
		// The process stands still that stands for all of them: it needs nothing.
		if diff := cmp.Diff(map[int]int{1: 4, 2: 4}, groups); diff != "" || demanded != 8 {
			t.Errorf("%s, %d demands, %+v", diff, demanded, exp.Design.Groups)
		}
		noneLeft(t, f)
	})
}

// A run in groups that was interrupted after any of them, and from which variants
// were left out, comes to the same groups as one that never was.
func TestGroupsGoOn(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		d := bench.Design{Seed: rnd.Uint64(), Rounds: 1 + rnd.IntN(4), Fill: rnd.IntN(2) == 0, Baseline: "v0"}
		n := 5 + rnd.IntN(8)
		for i := range n {
			d.Variants = append(d.Variants, bench.Variant{Name: fmt.Sprint("v", i)})
		}
		if d = design.Grouped(d, 2, nil); d.Groups == nil {
			t.Fatal("it has no groups")
		}
		outs := map[int]string{1 + rnd.IntN(3): "v3", 4 + rnd.IntN(8): "v1"}
		last := 1 + rnd.IntN(40)
		play := func(a *agenda) (rounds []design.Round, judged []store.Judged, gone []store.Gone) {
			for len(a.queue) > 0 {
				r := a.next()
				local := rand.New(rand.NewPCG(seed, uint64(r.Number)))
				if name := outs[r.Number]; name != "" {
					a.leaveOut(name)
					gone = append(gone, store.Gone{LeftOut: bench.LeftOut{Variant: name, Round: r.Number}, After: r.Number - 1})
				}
				o := outcome{another: r.Number < last}
				if local.IntN(4) == 0 {
					o.void = "disturbed"
				}
				if r.Turn == 1 {
					o.demand = map[string]float64{}
					for _, name := range r.Order {
						o.demand[name] = 0.1 + local.Float64()
					}
				}
				rounds, judged = append(rounds, r), append(judged, a.judge(r, o))
			}
			return rounds, judged, gone
		}
		rounds, judged, gone := play(newAgenda(d, nil, nil))
		for i, r := range rounds {
			if r.Number != i+1 {
				t.Fatalf("seed %d: group %d has number %d", seed, i+1, r.Number)
			}
			if again := judged[i].Again; again > 0 && (again > len(rounds) && rounds[len(rounds)-1].Number < last || again <= len(rounds) && rounds[again-1].Repeats != r.Number && len(gone) == 0) {
				t.Fatalf("seed %d: group %d was to be repeated as %d", seed, r.Number, again)
			}
		}
		for cut := range len(rounds) {
			var before []store.Gone
			for _, g := range gone {
				if g.Round <= cut {
					before = append(before, g)
				}
			}
			again, judgedAgain, _ := play(newAgenda(d, judged[:cut], before))
			if diff := cmp.Diff(rounds[cut:], again); diff != "" {
				t.Fatalf("seed %d, after group %d (-whole +resumed):\n%s", seed, cut, diff)
			}
			if diff := cmp.Diff(judged[cut:], judgedAgain); diff != "" {
				t.Fatalf("seed %d, after group %d (-whole +resumed):\n%s", seed, cut, diff)
			}
		}
	}
}
