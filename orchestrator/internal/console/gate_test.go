package console

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

func TestGates(t *testing.T) {
	r := sample()
	r.Rate, r.Late, r.Dropped = 10, 6, 3
	check := func(text string, tripped bool, figure string) {
		t.Helper()
		g, err := parseGate(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		v := g.Judge(r)
		if v.Tripped != tripped || v.Figure != figure {
			t.Errorf("%s: tripped %v, %s; want %v, %s", text, v.Tripped, v.Figure, tripped, figure)
		}
		if g.String() != text {
			t.Errorf("%s is shown as %s", text, g)
		}
	}
	check("p99>250ms", false, "150 ms") // 109 answers, and the timeout is none
	check("p99>1s", false, "150 ms")
	check("p99 >= 150000us", true, "150 ms")
	check(" p50 < 151ms ", true, "150 ms")
	check("min==5.49ms", true, "5.49 ms")
	check("median!=5.49ms", true, "150 ms")
	check("min<=5.49ms", true, "5.49 ms")
	check("max>900ms", false, "900 ms")
	check("p100>=900ms", true, "900 ms")
	check("mean>200ms", false, "144 ms")
	check("stddev>80ms", true, "83.9 ms")
	check("ttfb.max>800ms", true, "900 ms")
	check("ttfb.p50{Fetch {{ id }}}>6ms", false, "5.49 ms")
	check("requests<110", false, "110")
	check("requests{small}!=100", false, "100")
	check("failed>0", true, "2")
	check("failed>2", false, "2")
	check("failed>1%", true, "1.82% (2 of 110)")
	check("failed{small} >= 2 %", true, "2.00% (2 of 100)")
	check("failed{Fetch {{ id }}}>0", false, "0")
	check("rps<100", true, "44.00/s")
	check("rps{small}<4e1", false, "40.00/s")
	check("broken>0", true, "3")
	check("broken>25%", false, "25.00% (3 of 12)")
	check("late>=40%", true, "40.00% (6 of 15)")
	check("dropped==3", true, "3")

	// What was not measured cannot be said to be kept, nor what is the share of
	// none.
	check("p99{never sent}>1h", true, "unknown: there was no request to measure")
	check("p99{nobody}>1h", true, "unknown: there was no request to measure")
	check("max<0s", false, "900 ms")
	check("failed{nobody}>0%", true, "unknown: there was no request to be a share of")
	check("failed{nobody}>0", false, "0")
	check("requests{nobody}>0", false, "0")
	check("rps{nobody}>0", false, "0.00/s")
	r.End, r.Iterations, r.Broken, r.Late, r.Dropped = r.Start, 0, 0, 0, 0
	check("rps>1000000", true, "unknown: the run took no time")
	check("broken>99%", true, "unknown: there was no iteration to be a share of")
	check("late<=100%", true, "unknown: there was no iteration to be a share of")
	check("dropped>99%", true, "unknown: there was no iteration to be a share of")
	check("dropped>0", false, "0")
}

// TestGateAnswers holds how many answers a gate on a latency takes: with one
// fewer it trips.
func TestGateAnswers(t *testing.T) {
	check := func(figure string, needs int) {
		t.Helper()
		g, err := parseGate(figure + ">1h")
		if err != nil {
			t.Fatal(err)
		}
		for _, answered := range []int{0, needs - 1, needs} {
			r := &load.Result{Counts: load.Counts{Requests: needs, Latency: histogram(times(answered, 1, 0)...)}}
			r.FirstByte = r.Latency
			v := g.Judge(r)
			switch {
			case answered == needs:
				if v.Tripped {
					t.Errorf("%s of %d answers: %s", figure, answered, v.Figure)
				}
			case !v.Tripped:
				t.Errorf("%s of %d answers is kept: %s", figure, answered, v.Figure)
			case answered == 0 && v.Figure != fmt.Sprintf("unknown: none of %s was answered", words.Plural(needs, "request", "requests")):
				t.Errorf("%s of no answers is %s", figure, v.Figure)
			case answered > 0 && v.Figure != fmt.Sprintf("unknown: it needs %d answered requests, and there were %d", needs, answered):
				t.Errorf("%s of %d answers is %s", figure, answered, v.Figure)
			}
		}
	}
	check("min", 1)
	check("max", 1)
	check("mean", 1)
	check("p100", 1)
	check("stddev", 2)
	check("median", 2)
	check("p50", 2)
	check("p75", 4)
	check("p90", 10)
	check("p95", 20)
	check("p99", 100)
	check("p99.5", 200)
	check("p99.9", 1000)
	check("p99.99", 10000)
	check("p1", 100)
	check("p10", 10)
	for _, figure := range []string{"min", "max", "mean"} {
		check("ttfb."+figure, 1)
	}
	check("ttfb.stddev", 2)
	check("ttfb.p99", 100)
}

func TestGateNames(t *testing.T) {
	check := func(text, item string, open bool) {
		t.Helper()
		g, err := parseGate(text)
		if err != nil {
			t.Fatal(err)
		}
		if g.item != item || g.openLoop() != open {
			t.Errorf("%s: item %q, open loop %v", text, g.item, g.openLoop())
		}
	}
	check("failed>0", "", false)
	check("failed{a > b}>0", "a > b", false)
	check("p99{ {x} }>1ms", " {x} ", false)
	check("late>0", "", true)
	check("dropped>1%", "", true)
}

func TestGateMistakes(t *testing.T) {
	check := func(text string, column int, msg string) {
		t.Helper()
		_, err := parseGate(text)
		var mistake *GateError
		if !errors.As(err, &mistake) {
			t.Errorf("%q is read: %v", text, err)
			return
		}
		if mistake.Column != column || mistake.Msg != msg {
			t.Errorf("%q: column %d: %s; want column %d: %s", text, mistake.Column, mistake.Msg, column, msg)
		}
		if mistake.Hint() == "" {
			t.Errorf("%q: no hint", text)
		}
	}
	check("", 1, "the figure is missing")
	check(">5ms", 1, "the figure is missing")
	check("  pp>5ms", 3, `unknown figure "pp"`)
	check("p0>5ms", 1, `"p0" is not a percentile above 0 and up to 100`)
	check("p101>5ms", 1, `"p101" is not a percentile above 0 and up to 100`)
	check("p9.9.9>5ms", 1, `"p9.9.9" is not a percentile above 0 and up to 100`)
	check("p1e1>5ms", 1, `unknown figure "p1e1"`)
	check("ttfb.rps>5", 1, "rps is not a time, so it has no first byte")
	check("ttfb>5ms", 1, `unknown figure "ttfb"`)
	check("p99", 4, "an operator is missing here")
	check("p99{x}", 7, "an operator is missing here")
	check("p99!5ms", 4, "an operator is missing here")
	check("p99{x>5ms", 4, "the brace is not closed")
	check("p99{}>5ms", 5, "the braces are empty")
	check("broken{x}>0", 7, "broken counts iterations, so it cannot be limited to one name")
	check("p99>", 5, "the limit is missing")
	check("p99 > ", 7, "the limit is missing")
	check("p99>250", 5, `"250" is not a time`)
	check("p99>-1ms", 5, `"-1ms" is not a time`)
	check("p99>5%", 5, `"5%" is not a time`)
	check("rps<5%", 5, `"5%": this figure cannot be a percentage`)
	check("requests<5%", 10, `"5%": this figure cannot be a percentage`)
	check("failed>x", 8, `"x" is not a number of 0 or more`)
	check("failed>-1", 8, `"-1" is not a number of 0 or more`)
	check("failed>inf", 8, `"inf" is not a number of 0 or more`)
	check("failed>0x1", 8, `"0x1" is not a number of 0 or more`)
	check("p99{ä}!!5ms", 7, "an operator is missing here") // columns are characters
}

// FuzzGate holds that every text is a gate or has a place where it is not, and
// that every gate can be judged.
func FuzzGate(f *testing.F) {
	for _, seed := range []string{"p99>250ms", "failed{a}>1%", "ttfb.p50<=1s", "rps<100", "p99{", "}{>", "late != 3"} {
		f.Add(seed)
	}
	results := []*load.Result{sample(), {Counts: empty()}}
	f.Fuzz(func(t *testing.T, text string) {
		g, err := parseGate(text)
		var mistake *GateError
		switch {
		case err == nil:
			for _, r := range results {
				if v := g.Judge(r); v.Figure == "" {
					t.Errorf("%q found nothing", text)
				}
			}
		case !errors.As(err, &mistake):
			t.Errorf("%q: error %v has no place", text, err)
		case mistake.Column < 1 || mistake.Column > len([]rune(text))+1:
			t.Errorf("%q: column %d", text, mistake.Column)
		}
	})
}
