package design

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// of gives variants of these names.
func of(names ...string) []bench.Variant {
	var variants []bench.Variant
	for _, name := range names {
		variants = append(variants, bench.Variant{Name: name})
	}
	return variants
}

func TestSchedule(t *testing.T) {
	d := bench.Design{Rounds: 20, Seed: 1, Variants: of("a", "b", "c")}
	rounds := Schedule(d)
	orders := map[string]bool{}
	for i, r := range rounds {
		sorted := slices.Sorted(slices.Values(r.Order))
		if r.Number != i+1 || !slices.Equal(sorted, []string{"a", "b", "c"}) {
			t.Errorf("round %+v", r)
		}
		orders[strings.Join(r.Order, "")] = true
	}
	if len(rounds) != 20 || len(orders) < 3 {
		t.Errorf("%d rounds in %d orders", len(rounds), len(orders))
	}
	if diff := cmp.Diff(rounds, Schedule(d)); diff != "" {
		t.Errorf("the same seed gave another schedule: %s", diff)
	}
}

// A saved experiment names its seed: what that drew it must draw for ever.
func TestOrder(t *testing.T) {
	d := bench.Design{Rounds: 3, Seed: 7, Variants: of("a", "b", "c", "d")}
	var got []string
	for number := range 4 {
		got = append(got, strings.Join(Order(d, number+1), ""))
	}
	if want := "[adcb dbca dacb bdac]"; fmt.Sprint(got) != want {
		t.Errorf("orders %v, want %s", got, want)
	}
	d.Seed = 8
	if again := strings.Join(Order(d, 1), ""); again == got[0] {
		t.Errorf("another seed gave %s again", again)
	}
}

func TestDuration(t *testing.T) {
	d := bench.Design{Rounds: 2, Batches: 3, Pause: 10 * time.Second, Idle: 30 * time.Second, Sleep: 450 * time.Millisecond, Variants: of("a", "b", "c")}
	p := bench.Plan{Iterations: 2500, Concurrency: 16, Items: make([]bench.PlanItem, 1)}
	check := func(what string, want time.Duration) {
		t.Helper()
		if got := Duration(d, LeastBatch(d, p)); got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	loaded := 5*time.Second + 3*157*450*time.Millisecond + 20*time.Second
	check("together", 2*loaded+30*time.Second)
	d.LoneIdle = true
	check("each idle alone", 2*(loaded+30*time.Second))
	d.LoneIdle, d.Mode = false, bench.Apart
	check("apart", 2*3*loaded+30*time.Second)
	d.Mode, p.ArrivalRate = bench.Together, 25
	check("with a rate", 2*(5*time.Second+3*100*time.Second+20*time.Second)+30*time.Second)
	d.Quick = true
	check("quick", 2*(time.Second+3*100*time.Second+20*time.Second)+30*time.Second)
}

// The most that settings allow takes longer than a Duration can say, and yet no
// negative time.
func TestDurationOfTooMuch(t *testing.T) {
	day := 24 * time.Hour
	d := bench.Design{Rounds: MostRounds, Batches: 1000, Pause: day, Idle: day, Sleep: day, Mode: bench.Apart, Variants: make([]bench.Variant, 50)}
	p := bench.Plan{Iterations: 1 << 30, Concurrency: 1, Items: make([]bench.PlanItem, 1)}
	for _, rate := range []float64{0, 1e-300} {
		p.ArrivalRate = rate
		if got := Duration(d, LeastBatch(d, p)); got < 30*365*day {
			t.Errorf("rate %g: takes %v", rate, got)
		}
	}
}

func TestOutline(t *testing.T) {
	d := bench.Design{Rounds: 1, Batches: 2, Pause: 5 * time.Second, Idle: 30 * time.Second, Sleep: time.Second, Variants: of("libc")}
	p := bench.Plan{Iterations: 2500, Concurrency: 2500, Items: make([]bench.PlanItem, 1)}
	check := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, Outline(d, p)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	last := "takes      at least 42s, images not counted; longer where a variant saturates the CPUs"
	check("round 1    starts libc; then each: warm-up, 2 batches of 2,500 requests with pauses of 5s, idle 30s", last)
	d.Mode = bench.Apart
	check("round 1    starts and loads, one after the other, libc; then each: warm-up, 2 batches of 2,500 requests with pauses of 5s, idle 30s", last)
}
