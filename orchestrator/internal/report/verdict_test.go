package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// like gives a copy of a profile under another name, with its memory times factor
// and a scatter of its own.
func (p profile) like(name string, factor float64, scatter ...float64) profile {
	p.name, p.scatter = name, nil
	for _, s := range scatter {
		p.scatter = append(p.scatter, s*factor)
	}
	return p
}

// TestVerdict: every kind of outcome has its sentence, and no sentence claims
// what no interval shows.
func TestVerdict(t *testing.T) {
	check := func(name string, exp *bench.Experiment, standing Standing, text string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			if got := Summarize(exp).Verdict(); got.Standing != standing || got.Text != text {
				t.Errorf("%s: %s\nwant %s: %s", got.Standing, got.Text, standing, text)
			}
		})
	}
	libc := short2[0]
	const shared = " CPU was measured with all variants loaded at once, so it is not their own."

	check("shown", experiment(7), Answered,
		"Under this load jemalloc peaks 24 to 41 % below libc, with 9 % less CPU per request; musl peaks 74 to 78 % below, at 7.8 times the CPU per request. When idle, jemalloc keeps 26 to 42 % less than libc; musl keeps 98 % less."+shared)

	higher := libc.like("hoard", 2.5, 1, 1.1, 0.9, 1.05, 0.95, 1.02, 0.98)
	higher.cpu = libc.cpu * 5 / 4
	check("higher", made([]profile{libc.like("libc", 1, 1, 1, 1, 1, 1, 1, 1), higher, libc.like("fat", 1.2, 1, 1.01, 0.99, 1.02, 0.98, 1, 1)}, 480, 7), Answered,
		"Under this load hoard peaks 2.3 to 2.8 times as high as libc, with 25 % more CPU per request; fat peaks 18 to 22 % above, with no CPU difference shown."+
			" When idle, hoard keeps 2.3 to 2.7 times as much as libc; fat keeps 18 to 22 % more.")

	same := made([]profile{libc, libc.like("other", 1, 1.05, 0.93, 1.04, 1.06, 0.9, 1.1, 1.02)}, 480, 7)
	check("not shown", same, Answered,
		"Under this load no difference in peak is shown between other and libc (−3 … +4 %), with no CPU difference shown."+
			" When idle, no difference is shown between other and libc (−3 … +4 %).")

	check("one round", experiment(1), Indicative,
		"Too few rounds for an answer, 1 of the 7 that intervals need. As a first indication, jemalloc peaked 39 % below libc; musl peaked 80 % below.")
	check("three rounds", experiment(3), Indicative,
		"Too few rounds for an answer, 3 of the 7 that intervals need. As a first indication, jemalloc peaked 31 % below libc; musl peaked 75 % below.")

	check("control failed", failedControl(), Invalid,
		"No answer: libc and its twin, the same image, differ by −6 … −4 % in peak RSS, by −6 … −4 % in steady RSS and by −6 … −4 % in idle RSS."+
			" A difference between allocators may have the same cause, so none is to be trusted.")

	unequal := experiment(7)
	trialOf(unequal, "musl", 2).Batches[1].Answers = map[string]int{"201/58": 479}
	check("unequal work", unequal, Invalid, "No answer: the variants did not do the same work, so their figures are not comparable.")

	contradicted := experiment(7)
	hide(trialOf(contradicted, "jemalloc", 3))
	check("contradicted", contradicted, Answered,
		"Under this load musl peaks 74 to 78 % below libc, at 7.8 times the CPU per request. When idle, musl keeps 98 % less than libc."+shared+
			" The memory of jemalloc was not measured, for its figures contradict each other.")

	blind := experiment(7)
	hide(trialOf(blind, "libc", 3))
	check("contradicted baseline", blind, Invalid, "No answer: the memory of the baseline libc was not measured, for its figures contradict each other.")

	died := experiment(7)
	dies(trialOf(died, "musl", 2))
	check("died once", died, Answered,
		"Under this load jemalloc peaks 24 to 41 % below libc, with 9 % less CPU per request; musl peaked 76 % below in too few rounds for an interval."+
			" When idle, jemalloc keeps 26 to 42 % less than libc."+shared+
			" musl did not come to its end in 1 of 7 rounds: it died in batch 2: killed for memory (limit 256 MiB).")
	for round := range 7 {
		if round != 1 {
			dies(trialOf(died, "musl", round+1))
		}
	}
	check("died always", died, Answered,
		"Under this load jemalloc peaks 24 to 41 % below libc, with 9 % less CPU per request. When idle, jemalloc keeps 26 to 42 % less than libc."+shared+
			" musl did not come to its end in 7 of 7 rounds: it died in batch 2: killed for memory (limit 256 MiB).")

	alone := experiment(7)
	for round := range 3 {
		dies(trialOf(alone, "libc", round+1))
	}
	check("baseline died", alone, Indicative,
		"Too few rounds for an answer, only 4 rounds beside the baseline, of the 7 that intervals need. As a first indication, jemalloc peaked 28 % below libc; musl peaked 75 % below."+
			" libc did not come to its end in 3 of 7 rounds: it died in batch 2: killed for memory (limit 256 MiB).")

	cut := experiment(3)
	cut.Interrupted, cut.Design.Rounds = true, 7
	check("interrupted", cut, Indicative,
		"The run was interrupted; of its 7 rounds 3 count. Too few rounds for an answer, 3 of the 7 that intervals need. As a first indication, jemalloc peaked 31 % below libc; musl peaked 75 % below.")

	dies(trialOf(cut, "musl", 2))
	dies(trialOf(cut, "jemalloc", 3))
	check("died before the interruption", cut, Indicative,
		"The run was interrupted; of its 7 rounds 3 count. Too few rounds for an answer, only 2 rounds beside the baseline, of the 7 that intervals need. As a first indication, jemalloc peaked 27 % below libc; musl peaked 76 % below."+
			" musl did not come to its end in 1 of 2 rounds: it died in batch 2: killed for memory (limit 256 MiB).")

	check("alone", made(short2[:1], 480, 7), Alone, "Under this load libc peaked at 537 MiB; there is nothing to compare with.")
	orphan := made(short2[1:2], 480, 7)
	check("without baseline", orphan, Alone, "Under this load jemalloc peaked at 376 MiB; the baseline was not measured, so there is no comparison.")
	nothing := experiment(1)
	nothing.Trials = nil
	check("nothing", nothing, Unmeasured, "No answer: no variant's memory was measured.")

	many := []profile{libc}
	for i := range 6 {
		many = append(many, libc.like(fmt.Sprintf("v%d", i), 0.3+0.1*float64(i), 1, 1.04, 0.96, 1.02, 0.98, 1.01, 0.99, 1))
	}
	check("many", made(many, 480, 8), Answered,
		"Under this load v0 peaks 67 to 73 % below libc, with no CPU difference shown; v1 peaks 56 to 64 % below, with no CPU difference shown;"+
			" v2 peaks 45 to 56 % below, with no CPU difference shown; 3 variants rank higher than these, in the table."+
			" When idle, v0 keeps 67 to 73 % less than libc; v1 keeps 56 to 64 % less; v2 keeps 45 to 56 % less; 3 variants rank higher than these, in the table.")
}

// dies ends a trial in batch 2.
func dies(t *bench.Trial) {
	t.Error = "died in batch 2: killed for memory (limit 256 MiB)"
	t.Batches, t.Phases = t.Batches[:2], t.Phases[:4]
	b := &t.Batches[1]
	b.Interrupted, b.End = true, b.Start+4*time.Second
	keepSamples(t, func(s bench.Sample) bool { return s.At <= b.End })
}

// TestVerdictNames: a name is a name, whatever is in it.
func TestVerdictNames(t *testing.T) {
	exp := made([]profile{short2[0], short2[1].like("je\x1b[31m\nmalloc", 0.7, 1, 1, 1, 1, 1, 1, 1)}, 480, 7)
	if text := Summarize(exp).Verdict().Text; strings.ContainsAny(text, "\x1b\n") {
		t.Errorf("control characters in %q", text)
	}
}
