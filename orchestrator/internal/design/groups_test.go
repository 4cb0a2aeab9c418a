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

// many is a design of a baseline and n others, on two CPUs.
func many(n int) bench.Design {
	names := []string{"libc"}
	for i := range n {
		names = append(names, fmt.Sprintf("v%02d", i))
	}
	return bench.Design{Variants: of(names...), Baseline: "libc", Rounds: 10, Seed: 7, Workers: 10}
}

func TestGrouped(t *testing.T) {
	check := func(what string, d bench.Design, cpus int, demand map[string]float64, want int) {
		t.Helper()
		if got := GroupCount(Grouped(d, cpus, demand)); got != want {
			t.Errorf("%s: %d groups; want %d", what, got, want)
		}
	}
	check("three on two", many(2), 2, nil, 1)
	check("four on two", many(3), 2, nil, 1)
	check("five on two", many(4), 2, nil, 2)
	check("twenty-one on two", many(20), 2, nil, 7)
	check("twenty-one on sixteen", many(20), 16, nil, 1)
	check("two on one", many(1), 1, nil, 1)
	apart, four := many(20), many(20)
	apart.Mode, four.AtOnce = bench.Apart, 5
	check("apart", apart, 2, nil, 1)
	check("five at once", four, 2, nil, 5)
	four.AtOnce = 21
	check("all at once", four, 2, nil, 1)
	check("dear ones", many(4), 2, map[string]float64{"v00": 1.4, "v01": 1.4}, 3)
	check("one that takes more than there is", many(4), 2, map[string]float64{"v00": 5}, 2)
}

// Every variant is measured once a round, the baseline in each group, and no group
// asks for more than the CPUs have, as long as it has more than one beside the
// baseline.
func TestTurn(t *testing.T) {
	for n := 4; n < 30; n++ {
		demand := map[string]float64{"libc": 0.35}
		for i := range n {
			demand[fmt.Sprintf("v%02d", i)] = 0.2 + float64(i*7%13)/12
		}
		d := Grouped(many(n), 2, demand)
		seen, groups := map[string]int{}, GroupCount(d)
		for number, r := range Schedule(d) {
			if r.Number != number+1 || r.Turn != number/groups+1 || r.Group != number%groups+1 || r.Groups != groups {
				t.Fatalf("%d: %+v", n, r)
			}
			sum := 0.0
			for _, name := range r.Order {
				seen[name]++
				sum += demand[name]
			}
			if len(r.Order) < 2 || !slices.Contains(r.Order, "libc") || len(r.Order) > 2 && sum > 2+1e-9 {
				t.Errorf("%d: %v together need %.2f CPUs", n, r.Order, sum)
			}
		}
		for _, v := range d.Variants {
			want := d.Rounds
			if v.Name == "libc" {
				want *= groups
			}
			if seen[v.Name] != want {
				t.Errorf("%d: %s is measured %d times; want %d", n, v.Name, seen[v.Name], want)
			}
		}
		if diff := cmp.Diff(Schedule(d), Schedule(d)); diff != "" {
			t.Error(diff)
		}
	}
}

// No variant always has the same neighbours.
func TestNeighbours(t *testing.T) {
	d := Grouped(many(20), 2, nil)
	met := map[string]bool{}
	for _, r := range Schedule(d) {
		if slices.Contains(r.Order, "v03") {
			for _, name := range r.Order {
				met[name] = true
			}
		}
	}
	if len(met) < 10 {
		t.Errorf("in 10 rounds v03 met %d others", len(met)-2)
	}
}

// A saved experiment names its seed: what that drew it must draw for ever.
func TestTurnIsFixed(t *testing.T) {
	d := Grouped(many(5), 2, nil)
	var got []string
	for _, r := range Turn(d, 1) {
		got = append(got, strings.Join(r.Order, " "))
	}
	if want := "v04 libc v03 v01, v00 v02 libc"; strings.Join(got, ", ") != want {
		t.Errorf("%s; want %s", strings.Join(got, ", "), want)
	}
}

func TestDemand(t *testing.T) {
	d := bench.Design{Sleep: 450 * time.Millisecond, Workers: 10}
	p := bench.Plan{Concurrency: 16, Iterations: 480, Items: make([]bench.PlanItem, 1)}
	check := func(perRequest, want float64) {
		t.Helper()
		if got := Demand(d, p, perRequest, 2); got != want {
			t.Errorf("%g s: %g CPUs; want %g", perRequest, got, want)
		}
	}
	check(0, 0)
	check(0.010, 0.35)
	check(0.040, 1.31)
	check(1, 2)
	p.ArrivalRate = 10
	check(0.010, 0.1)
}

// Twenty-one variants at the default design take no more than 75 minutes on two
// CPUs, and a quick look at them 15.
func TestTimeOfMany(t *testing.T) {
	s := Defaults()
	s.Seed = 1
	p := bench.Plan{Concurrency: 16, Iterations: 480, Items: make([]bench.PlanItem, 1)}
	check := func(within time.Duration) {
		t.Helper()
		d, err := s.Design(many(20).Variants)
		if err != nil {
			t.Fatal(err)
		}
		d = Grouped(d, 2, nil)
		if took := Expected(d, Assumed().BatchOf(d, p)); took > within {
			t.Errorf("%d rounds of %d groups take %v; want %v", d.Rounds, GroupCount(d), took, within)
		}
	}
	check(75 * time.Minute)
	s.Preset = Quick
	var err error
	if s, err = s.WithPreset(nil, p); err != nil {
		t.Fatal(err)
	}
	check(15 * time.Minute)
}
