package gate

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// scattered gives values around a centre in MiB.
func scattered(centre float64, by ...float64) []float64 {
	var values []float64
	for _, b := range by {
		values = append(values, centre*(1+b)*float64(bench.MiB))
	}
	return values
}

// quiet is how rounds scatter that hardly do; wild is how others do.
var (
	quiet = []float64{-0.02, -0.01, -0.005, 0, 0.005, 0.01, 0.02}
	wild  = []float64{-0.5, -0.3, -0.2, 0, 0.2, 0.5, 0.9}
)

func TestHold(t *testing.T) {
	nan := math.NaN()
	check := func(name string, was, now []float64, memory bool, allowed float64, want Outcome, why string) {
		t.Helper()
		if f := hold(was, now, memory, allowed); f.Outcome != want || f.Why != why {
			t.Errorf("%s: %v %q; want %v %q (%+v)", name, f.Outcome, f.Why, want, why, f.Ratio)
		}
	}
	check("the same", scattered(500, quiet...), scattered(500, quiet...), true, 0.1, Fine, "")
	check("less", scattered(500, quiet...), scattered(250, quiet...), true, 0.1, Fine, "")
	check("20 % more", scattered(500, quiet...), scattered(600, quiet...), true, 0.1, Worse, "")
	check("20 % more, allowed", scattered(500, quiet...), scattered(600, quiet...), true, 0.2, Fine, "")
	check("5 % more", scattered(500, quiet...), scattered(525, quiet...), true, 0.1, Fine, "")
	check("5 % more, nothing allowed", scattered(500, quiet...), scattered(525, quiet...), true, 0, Worse, "")
	// The interval reaches below what is allowed.
	check("11 % more", scattered(500, quiet...), scattered(555, quiet...), true, 0.1, Fine, "")
	check("less than 1 MiB", scattered(4, quiet...), scattered(4.9, quiet...), true, 0.1, Fine, "")
	check("more than 1 MiB", scattered(4, quiet...), scattered(5.1, quiet...), true, 0.1, Worse, "")
	check("less than 1, not memory", []float64{.010, .011, .012, .013}, []float64{.020, .021, .022, .023}, false, 0.1, Worse, "")
	check("scattered, but far more", scattered(500, wild...), scattered(5000, wild...), true, 0.1, Worse, "")
	check("few", scattered(500, 0, 0.01, 0.02), scattered(600, 0, 0.01, 0.02), true, 0.1, Unclear, "3 rounds then and 3 rounds now are too few for an interval")
	check("just enough", scattered(500, 0, 0.01, 0.02, 0.03), scattered(600, 0, 0.01, 0.02, 0.03), true, 0.1, Worse, "")
	check("not any more", scattered(500, quiet...), []float64{nan, nan}, true, 0.1, Unclear, "it is not measured any more")
	check("not yet", nil, scattered(500, quiet...), true, 0.1, Unclear, "it was not measured then")
}

func TestBlurred(t *testing.T) {
	check := func(name string, was, now []float64, allowed float64, want bool) {
		t.Helper()
		if f := hold(was, now, true, allowed); f.Outcome != Fine || f.Blurred != want {
			t.Errorf("%s: %v, blurred %v; want %v (%+v)", name, f.Outcome, f.Blurred, want, f.Ratio)
		}
	}
	check("quiet", scattered(500, quiet...), scattered(500, quiet...), 0.1, false)
	check("scattered", scattered(500, wild...), scattered(500, wild...), 0.1, true)
	check("scattered, but it is allowed", scattered(500, wild...), scattered(500, wild...), 10, false)
	check("scattered, but far less", scattered(500, wild...), scattered(50, wild...), 0.1, false)
	check("scattered, but next to nothing", scattered(0.5, wild...), scattered(0.5, wild...), 0.1, false)

	// A variant is blurred if all of its figures are.
	v := &Verdict{Findings: []Finding{{Variant: "a", Blurred: true}, {Variant: "a"}, {Variant: "b", Blurred: true}, {Variant: "b", Blurred: true}, {Variant: "c"}}}
	v.decide()
	if diff := cmp.Diff([]string{"b"}, v.blurred()); diff != "" || v.Outcome != Unclear {
		t.Errorf("%v (-want +got)\n%s", v.Outcome, diff)
	}
}

func TestConclude(t *testing.T) {
	verdict := func(outcomes ...Outcome) *Verdict {
		v := &Verdict{}
		for i, o := range outcomes {
			v.Findings = append(v.Findings, Finding{Variant: string(rune('a' + i)), Figure: "peak", Outcome: o})
		}
		v.decide()
		return v
	}
	invalid := &Verdict{Invalid: []string{"no round counts"}, Outcome: Unclear}
	check := func(name string, first, second *Verdict, want Outcome) {
		t.Helper()
		if diff := cmp.Diff(want, Conclude(first, second).Outcome); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	check("fine", verdict(Fine, Fine), nil, Fine)
	check("unclear", verdict(Fine, Unclear), nil, Unclear)
	check("nothing judged", verdict(), nil, Unclear)
	check("invalid", invalid, nil, Unclear)
	check("worse, no second", verdict(Fine, Worse), nil, Unclear)
	check("confirmed", verdict(Fine, Worse), verdict(Fine, Worse), Worse)
	check("confirmed, and something is unclear", verdict(Unclear, Worse), verdict(Unclear, Worse), Worse)
	check("one of two confirmed", verdict(Worse, Worse), verdict(Fine, Worse), Worse)
	check("not again", verdict(Fine, Worse), verdict(Fine, Fine), Fine)
	check("another one", verdict(Fine, Worse), verdict(Worse, Fine), Fine)
	spoiled := verdict(Fine, Worse)
	spoiled.Spoil("libc was rebuilt from other sources meanwhile")
	check("again, but of other sources", verdict(Fine, Worse), spoiled, Unclear)
	check("then unclear", verdict(Fine, Worse), verdict(Fine, Unclear), Unclear)
	check("second invalid", verdict(Fine, Worse), invalid, Unclear)
}

func TestParse(t *testing.T) {
	check := func(want string, texts ...string) {
		t.Helper()
		all, err := Parse(texts)
		got := Text(all)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s; want %s", texts, got, want)
		}
	}
	check("peak +10 %, steady +10 %, idle +10 %")
	check("peak +5 %, steady +10 %, idle +10 %", "peak=+5%")
	check("peak +5 %, steady +10 %, idle +0 %, cpu +20 %, p99 +12.5 %", "p99 = 12.5 %", "idle=0%", "cpu=+20%", "peak=+7%", "peak=5%")
	check(`"rss=+5%": unknown figure "rss"`, "rss=+5%")
	check(`"": unknown figure ""`, "")
	for _, text := range []string{"peak", "peak=", "peak=5", "peak=-5%", "peak=%", "peak=NaN%", "peak=Inf%", "peak=1e3%", "peak=10001%", "peak=5%%"} {
		check(`"`+text+`" does not say how much more is fine`, text)
	}
}
