package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// The limits beyond which a figure carries a note.
const (
	starvedLimit = 0.10             // wait share
	idleLimit    = 30 * time.Second // shortest idle that lets slow allocators act
	errorLimit   = 0.01             // of a reading
	errorFloor   = bench.MiB        // and at least this: the table is in whole MiB
	missedLimit  = 0.01             // of the readings
	busyLimit    = 0.01             // of a core
	goLimit      = 15e6             // bytes
)

// annotate finds everything that weakens the figures, and puts it in reading
// order.
func (r *Report) annotate() {
	r.noteControl()
	r.noteLocal()
	r.noteVoid()
	r.noteContradicted()
	r.noteUncounted()
	r.noteFailedTrials()
	r.noteUnequalWork()
	r.noteBallast()
	r.noteStarved()
	r.noteMachine()
	r.noteBaseline()
	r.noteUnsteady()
	r.noteShortIdle()
	r.noteLeftOut()
	r.noteNotRun()
	r.noteNotMeasured()
	r.noteGoShare()
	r.noteFailedRequests()
	r.noteInstruments()
	r.noteSwap()
	r.noteDesign()
	r.noteRecorded()
	r.Notes = r.Table().Notes
}

// mostWords is how much of the last words of a trial is printed, in
// columns; a file holds all.
const mostWords = 300

// noteFailedTrials says which trials ended early. Their errors are written to
// follow the variant's name: "died in batch 2: killed for memory".
func (r *Report) noteFailedTrials() {
	for _, row := range r.Rows {
		var texts []string
		for _, t := range row.all {
			if t.Error == "" {
				continue
			}
			text := prose(t.Error, mostWords)
			if r.Rounds > 1 || t.Group > 0 {
				text = fmt.Sprintf("in %s %s", t.RoundName(), text)
			}
			texts = append(texts, text)
		}
		if len(texts) == 0 {
			continue
		}
		after := "; its figures are those measured until then"
		if len(texts) < len(row.all) {
			after = fmt.Sprintf("; its figures are those of the other %s", words.Plural(row.Trials, "round", "rounds"))
		}
		r.note(CodeTrialFailed, row.Name()+" "+strings.Join(texts, "; ")+after, []string{ColVariant}, row)
	}
}

// noteUnequalWork compares the answers of every complete batch with those of
// the first one of the baseline, or of the first row.
func (r *Report) noteUnequalWork() {
	var want map[string]int
	rows := r.Rows
	if base := r.baseline(); base != nil {
		rows = append([]*Row{base}, rows...)
	}
	for _, row := range rows {
		for _, t := range row.all {
			for _, b := range t.Batches {
				if want == nil && !b.Interrupted && len(b.Answers) > 0 {
					want = b.Answers
				}
			}
		}
	}
	r.gather(remark{
		code:    CodeUnequalWork,
		columns: []string{ColVariant},
		before:  "the variants did not do the same work, judging by their answers: ",
	}, func(row *Row) string {
		for _, t := range row.all {
			for _, b := range t.Batches {
				if b.Interrupted || maps.Equal(b.Answers, want) {
					continue
				}
				return fmt.Sprintf("%s in %s: %s", row.Name(), place(t.Trial, b.Number, r.Rounds), firstDifference(b.Answers, want))
			}
		}
		return ""
	})
}

// noteBallast says which services hold more memory than their requests need,
// because their builds ask for it.
func (r *Report) noteBallast() {
	r.gather(remark{
		code: CodeBallast, columns: []string{ColVariant},
		before: "held more memory than its requests need, for a test (BALLAST): ",
	}, func(row *Row) string {
		if percent := row.Proof.Knobs["env.BALLAST"]; percent != "" {
			return fmt.Sprintf("%s %s %%", row.Name(), prose(percent, mostName))
		}
		return ""
	})
}

// firstDifference names the first answer, in the order of names, whose number
// differs.
func firstDifference(got, want map[string]int) string {
	all := maps.Clone(want)
	if all == nil {
		all = map[string]int{}
	}
	maps.Copy(all, got)
	for _, answer := range slices.Sorted(maps.Keys(all)) {
		if got[answer] != want[answer] {
			return fmt.Sprintf("%s × %q instead of %s", words.Count(got[answer]), named(answer), words.Count(want[answer]))
		}
	}
	return "no answers"
}

// starved says that a variant waited for a CPU for too long.
func (row *Row) starved() bool { return row.WaitShare.N > 0 && row.WaitShare.Center > starvedLimit }

// together says that the variants were loaded at the same time.
func (r *Report) together() bool { return r.several() && r.Exp.Design.Mode != bench.Apart }

// several says that more than one variant was run, or is going to be.
func (r *Report) several() bool {
	n := 0
	for _, row := range r.all() {
		if !row.absent() {
			n++
		}
	}
	return n > 1
}

// noteStarved marks the cost of a variant that waited for a CPU, and the heads
// too where that of all that ran beside it is inflated.
func (r *Report) noteStarved() {
	after := " of the time that its requests took: these CPU and latency figures are not the variant's own"
	if r.together() {
		after += ", and those of everything that ran beside it are inflated"
	}
	n := r.gather(remark{code: CodeStarved, columns: CostColumns(), before: "ready to run but without a CPU: ", after: after}, func(row *Row) string {
		if !row.starved() {
			return ""
		}
		return row.Name() + " " + share(row.WaitShare.Center)
	})
	for _, column := range CostColumns() {
		if n != nil && r.together() && !slices.Contains(r.headNotes[column], n) {
			r.headNotes[column] = append(r.headNotes[column], n)
		}
	}
}

func (r *Report) noteUnsteady() {
	r.gather(remark{
		code:    CodeNoSteadyState,
		columns: []string{ColSteady},
		before:  "no steady state: ",
		after:   " from its last change of level to the end of the batch; the median is given anyway",
	}, func(row *Row) string {
		if row.Steady.N == 0 || row.IsSteady {
			return ""
		}
		worst := 0.0
		for _, t := range row.trials {
			if math.Abs(t.drift) > math.Abs(worst) {
				worst = t.drift
			}
		}
		verb := "rose"
		if worst < 0 {
			verb = "fell"
		}
		return fmt.Sprintf("%s still %s by %s", row.Name(), verb, share(math.Abs(worst)))
	})
}

func (r *Report) noteShortIdle() {
	var shortest time.Duration
	var rows []*Row
	for _, row := range r.Rows {
		for _, t := range row.trials {
			if row.Idle.N > 0 && t.idleLength > 0 && t.idleLength < idleLimit && !slices.Contains(rows, row) {
				rows = append(rows, row)
			}
			if t.idleLength > 0 && (shortest == 0 || t.idleLength < shortest) {
				shortest = t.idleLength
			}
		}
	}
	if len(rows) > 0 {
		r.note(CodeShortIdle, fmt.Sprintf("the final idle took %s: below %s, an allocator that waits 10 s or more before it gives memory back looks worse than it is",
			short(shortest.Round(100*time.Millisecond)), short(idleLimit)), []string{ColIdle}, rows...)
	}
}

func (r *Report) noteGoShare() {
	r.gather(remark{
		code:    CodeGoShare,
		columns: []string{ColOverhead},
		before:  "Go's own share of the RSS is large: ",
		after:   fmt.Sprintf("; the overhead leaves it out (the aim is at most %s)", mebibytes(goLimit)),
	}, func(row *Row) string {
		if row.GoShare.N == 0 || row.GoShare.Center <= goLimit {
			return ""
		}
		return row.Name() + " " + mebibytes(row.GoShare.Center)
	})
}

func (r *Report) noteFailedRequests() {
	r.gather(remark{code: CodeFailedRequests, columns: []string{ColFailed}, before: "failed requests: "}, func(row *Row) string {
		if row.Failed == 0 {
			return ""
		}
		text := fmt.Sprintf("%s %s of %s", row.Name(), words.Count(row.Failed), words.Count(row.Requests))
		if classes := Failures(row.Errors); classes != "" {
			text += " (" + classes + ")"
		}
		return text
	})
}

// Failures lists failed requests by class: "status 503 12; timeout 1".
func Failures(classes map[string]int) string {
	var texts []string
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		texts = append(texts, fmt.Sprintf("%s %s", named(class), words.Count(classes[class])))
	}
	return strings.Join(texts, "; ")
}

// Useless is the error of an experiment in which a batch did no work: every
// request of it failed, so its figures are of nothing that was asked for. nil if
// there is none.
func Useless(exp *bench.Experiment) error {
	for _, t := range exp.Trials {
		for _, b := range t.Batches {
			if t.Void == "" && b.Useless() {
				return hint.With(
					fmt.Errorf("variant %s, %s, batch %d: %s", t.Variant, t.RoundName(), b.Number, AllFailed(b)),
					"check that the plan's paths, methods and bodies are what the service accepts; go run ./orchestrator drill -v shows its answers",
				)
			}
		}
	}
	return nil
}

// AllFailed says of a useless batch how its requests failed.
func AllFailed(b bench.Batch) string {
	if b.Requests == 0 {
		return "no request was completed"
	}
	return "every request failed: " + Failures(b.Errors)
}
