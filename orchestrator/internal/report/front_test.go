package report

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

func TestFront(t *testing.T) {
	check := func(want []int, places ...[2]float64) {
		t.Helper()
		if diff := cmp.Diff(want, Front(places)); diff != "" {
			t.Errorf("Front(%v) (-want +got):\n%s", places, diff)
		}
	}
	check(nil)
	check([]int{0}, [2]float64{1, 1})
	check([]int{1, 0}, [2]float64{2, 1}, [2]float64{1, 2})
	check([]int{0}, [2]float64{1, 1}, [2]float64{2, 2})                      // beaten in both
	check([]int{0}, [2]float64{1, 1}, [2]float64{1, 2})                      // beaten in one, alike in the other
	check([]int{1}, [2]float64{2, 1}, [2]float64{1, 1})                      // the same the other way
	check([]int{0, 2}, [2]float64{1, 1}, [2]float64{1, 2}, [2]float64{1, 1}) // twins
	check([]int{3, 1, 0}, [2]float64{9, 1}, [2]float64{5, 3}, [2]float64{6, 3}, [2]float64{1, 9}, [2]float64{7, 4})
}

// TestFrontBrute holds the front against the definition.
func TestFrontBrute(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		places := make([][2]float64, 1+random.IntN(20))
		for i := range places {
			places[i] = [2]float64{float64(random.IntN(8)), float64(random.IntN(8))} // many are alike
		}
		on := map[int]bool{}
		for _, i := range Front(places) {
			on[i] = true
		}
		for i, p := range places {
			beaten := false
			for _, q := range places {
				beaten = beaten || q[0] <= p[0] && q[1] <= p[1] && q != p
			}
			if on[i] == beaten {
				t.Fatalf("%v: place %d on the front: %v", places, i, on[i])
			}
		}
	}
}

// TestTrade: what has no figure has no point, and what is contradicted has none.
func TestTrade(t *testing.T) {
	names := func(r *Report) string {
		var all []string
		for _, p := range r.Trade().Points {
			mark := ""
			if p.Best {
				mark = "*"
			}
			all = append(all, p.Row.Variant+mark)
		}
		return strings.Join(all, " ")
	}
	exp := withLeftOut(experiment(7), "no such package", "scudo")
	r := Summarize(exp)
	if got, want := names(r), "libc jemalloc* musl*"; got != want {
		t.Errorf("points %s, want %s", got, want)
	}
	if got := r.TradeCaption(); !strings.Contains(got, "loaded together on 2 CPUs") || !strings.Contains(got, "Not measured in both: scudo.") {
		t.Errorf("caption %q", got)
	}
	if got := r.TradeText(r.Trade()); !strings.HasPrefix(got, "On the front: jemalloc (peak 376 MiB, CPU 10 ms per request); musl") {
		t.Errorf("text %q", got)
	}
	for i := range exp.Trials {
		if tr := &exp.Trials[i]; tr.Variant == "jemalloc" {
			for j := range tr.Gauges {
				tr.Gauges[j].LiveRequested = 900 * bench.MiB
			}
		}
	}
	if got, want := names(Summarize(exp)), "libc* musl*"; got != want {
		t.Errorf("points %s, want %s", got, want)
	}
	if got := Summarize(&bench.Experiment{}); len(got.Trade().Points) != 0 || got.TradeText(got.Trade()) == "" {
		t.Errorf("points of nothing: %v", got.Trade())
	}
}
