package versus

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// Schema names the form of the JSON. It changes when a field changes its meaning or
// goes away.
const Schema = "stair-stepper/change/v1"

// jsonResult is a Result as JSON. Lists are never null.
type jsonResult struct {
	Schema              string           `json:"schema"`
	Verdict             string           `json:"verdict"`
	Old                 jsonSide         `json:"old"`
	New                 jsonSide         `json:"new"`
	SameRun             bool             `json:"same_run"`
	SameWork            bool             `json:"same_work"`
	SameMachine         bool             `json:"same_machine"`
	Stamps              []string         `json:"stamps"`
	Differences         []jsonDifference `json:"differences"`
	OnlyOld             []string         `json:"only_old"`
	OnlyNew             []string         `json:"only_new"`
	LeftOut             []jsonLeftOut    `json:"left_out,omitempty"`
	Confidence          float64          `json:"confidence"` // of all intervals of a list together
	Comparisons         int              `json:"comparisons"`
	Variants            []jsonVariant    `json:"variants"`
	Baseline            string           `json:"baseline"`
	RelativeComparisons int              `json:"relative_comparisons"`
	Relative            []jsonVariant    `json:"relative"`
}

// jsonLeftOut is a LeftOut as JSON.
type jsonLeftOut struct {
	Variant string `json:"variant"`
	Run     string `json:"run"` // old or new
	Why     string `json:"why"`
}

// jsonSide is a Side as JSON.
type jsonSide struct {
	Name    string    `json:"name"`
	RunID   string    `json:"run_id"`
	Started time.Time `json:"started"`
	Rounds  int       `json:"rounds"`
}

// jsonDifference is a Difference as JSON.
type jsonDifference struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// jsonVariant is a Variant as JSON.
type jsonVariant struct {
	Variant  string        `json:"variant"`
	Changes  []jsonChange  `json:"changes"`
	Requests *jsonRequests `json:"requests,omitempty"`
	Notes    []jsonNote    `json:"notes"`
}

// jsonRequests counts requests in both runs.
type jsonRequests struct {
	Old       int `json:"old"`
	OldFailed int `json:"old_failed"`
	New       int `json:"new"`
	NewFailed int `json:"new_failed"`
}

// jsonChange is a Change as JSON. Figures are in the unit; in relative, ratios to
// the baseline. Ratio is null where no change is given.
type jsonChange struct {
	Figure string        `json:"figure"`
	Unit   string        `json:"unit"`
	Old    *jsonEstimate `json:"old"`
	New    *jsonEstimate `json:"new"`
	Ratio  *jsonRatio    `json:"ratio"`
	// Verdict is worse, better, not shown, too few rounds, withheld or not measured.
	Verdict string     `json:"verdict"`
	Doubts  []string   `json:"doubts"` // codes of notes that give another reason for the change than the variant
	Notes   []jsonNote `json:"notes"`
}

// jsonEstimate is a median over n rounds; lo and hi bound its 95 % interval and are
// null where none can be given.
type jsonEstimate struct {
	Center float64  `json:"center"`
	Lo     *float64 `json:"lo"`
	Hi     *float64 `json:"hi"`
	N      int      `json:"n"`
}

// jsonRatio is new over old.
type jsonRatio struct {
	Center float64  `json:"center"`
	Lo     *float64 `json:"lo"`
	Hi     *float64 `json:"hi"`
	OldN   int      `json:"old_n"`
	NewN   int      `json:"new_n"`
}

// jsonNote is a Note as JSON.
type jsonNote struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// JSON writes the comparison for programs. Errors are those of w, and of times that
// RFC 3339 does not know.
func (r *Result) JSON(w io.Writer) error {
	to := jsonResult{
		Schema: Schema, Verdict: r.Verdict(), Old: r.Old.json(), New: r.New.json(), SameRun: r.Same, SameWork: len(r.otherWork()) == 0,
		SameMachine: !r.OtherMachine(), Stamps: some(r.Stamps), Differences: []jsonDifference{}, OnlyOld: some(r.OnlyOld), OnlyNew: some(r.OnlyNew),
		Confidence: stat.Confidence, Comparisons: r.Comparisons, Variants: []jsonVariant{}, Baseline: r.Baseline,
		RelativeComparisons: r.RelativeComparisons, Relative: []jsonVariant{},
	}
	for _, left := range r.LeftOut {
		to.LeftOut = append(to.LeftOut, jsonLeftOut(left))
	}
	for _, d := range r.Differences {
		to.Differences = append(to.Differences, jsonDifference(d))
	}
	for _, v := range r.Variants {
		one := v.json(unit)
		one.Requests = &jsonRequests{v.Old.Sent, v.Old.Failed, v.New.Sent, v.New.Failed}
		to.Variants = append(to.Variants, one)
	}
	for _, v := range r.Relative {
		to.Relative = append(to.Relative, v.json(func(string) string { return "of the baseline" }))
	}
	text, err := json.MarshalIndent(to, "", "  ")
	if err != nil {
		return fmt.Errorf("write the comparison as JSON: %w", err)
	}
	_, err = w.Write(append(plain.JSON(text), '\n'))
	return err
}

// some gives an empty list for none.
func some(values []string) []string { return append([]string{}, values...) }

// unit names the unit of a figure.
func unit(figure string) string {
	switch figure {
	case report.ColOverhead:
		return "1"
	case report.ColCPU:
		return "s"
	case report.ColP99, report.ColP50:
		return "ns"
	}
	return "bytes"
}

func (s Side) json() jsonSide { return jsonSide{s.Name, s.Exp.RunID, s.Exp.Started, s.Rounds} }

func (v *Variant) json(unit func(string) string) jsonVariant {
	to := jsonVariant{Variant: v.Name, Changes: []jsonChange{}, Notes: jsonNotes(v.Notes)}
	for _, c := range v.Changes {
		to.Changes = append(to.Changes, jsonChange{
			Figure: c.Figure, Unit: unit(c.Figure), Old: jsonOf(c.Old), New: jsonOf(c.New), Ratio: c.json(), Verdict: c.word(), Doubts: some(c.Doubts()), Notes: jsonNotes(c.Notes),
		})
	}
	return to
}

func jsonNotes(notes []*Note) []jsonNote {
	to := []jsonNote{}
	for _, n := range notes {
		to = append(to, jsonNote(*n))
	}
	return to
}

// json gives the ratio as JSON; nil for none.
func (c *Change) json() *jsonRatio {
	if c.Ratio.N == 0 || c.Ratio.Base == 0 || !finite(c.Ratio.Center) {
		return nil
	}
	to := &jsonRatio{Center: c.Ratio.Center, OldN: c.Ratio.Base, NewN: c.Ratio.N}
	if c.Ratio.Interval && finite(c.Ratio.Lo) && finite(c.Ratio.Hi) {
		to.Lo, to.Hi = &c.Ratio.Lo, &c.Ratio.Hi
	}
	return to
}

// word is the verdict on a change for programs.
func (c *Change) word() string {
	switch {
	case c.Worse():
		return "worse"
	case c.Better():
		return "better"
	case c.Ratio.Verdict() == stat.NotShown:
		return "not shown"
	case c.Withheld:
		return "withheld"
	case c.Ratio.N > 0 && c.Ratio.Base > 0:
		return "too few rounds"
	}
	return "not measured"
}

// jsonOf gives an estimate as JSON; nil for one that was not measured.
func jsonOf(e stat.Estimate) *jsonEstimate {
	if e.N == 0 || !finite(e.Center) {
		return nil
	}
	to := &jsonEstimate{Center: e.Center, N: e.N}
	if e.Interval {
		to.Lo, to.Hi = &e.Lo, &e.Hi
	}
	return to
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
