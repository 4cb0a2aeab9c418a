package page

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/chart"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// view is what the template lays out.
type view struct {
	Extra  Extra
	Style  template.CSS
	Script template.JS
	Policy string

	Title, Dated, Stamp string
	Verdict             report.Verdict
	Rests               []string
	Variants            []named
	Memory, Peaks       pictures
	Trade               *pictures // nil where fewer than two variants have both figures
	TradeCaption        string
	Figures             table
	Arranged            []string
	Notes               []note
	MemoryCaption       string
	PeaksCaption        string
	Beside              bool // there is room beside the curves for what is said of peaks
	Stairs              report.Stairs
	IntervalsTitle      string
	Intervals           []report.Fact
	Trials              trials
	Heap, Cost          table
	Proven              []report.Proven
	OneBinary           string // which variants ran the same program
	Readings            table
	Legend, Ran         []report.Fact
	Command             string
	Live                bool // the run goes on
	Raw                 raw
	Data                data
}

// named is a variant with the number that decides how it looks.
type named struct {
	Index int
	Name  string
}

// table is a report.Table with places for its marks.
type table struct {
	ID, Caption string
	Heads       []head
	Rows        []line
}

type head struct {
	Key, Unit string
	Marks     []mark
}

type line struct {
	Index int // of the variant
	Name  string
	Marks []mark
	Cells []cell
}

type cell struct {
	Value, Change, Way string // Way is "less", "more" or ""
	Marks              []mark
}

// mark is a link to a note.
type mark struct {
	Number int
	ID     string // of the mark itself
}

// note is a note with links back to its marks.
type note struct {
	Number     int
	Text, Code string
	Back       []link // to the marks in the first table
}

// link leads to a place in the page.
type link struct{ ID, Label string }

// maker makes a view. It hands out the marks.
type maker struct {
	r       *report.Report
	whole   *report.Table
	notes   []note
	invalid bool // no change is to be trusted
}

// newView makes a view; live is of a run that goes on.
func newView(r *report.Report, live bool) *view {
	exp := r.Exp
	m := &maker{r: r, whole: r.Table(), invalid: r.Verdict().Standing == report.Invalid}
	for i, n := range m.whole.Notes {
		m.notes = append(m.notes, note{Number: i + 1, Text: n.Text, Code: plain.Name(n.Code)})
	}
	v := &view{
		Title: title(r), Stamp: stamp(r), Verdict: r.Verdict(), Rests: r.Rests(true),
		Legend: r.Legend(), Ran: r.Ran(), Stairs: r.Stairs(), Proven: r.Proven(), OneBinary: r.OneBinary(), Command: plain.Line(exp.Command),
	}
	if !exp.Started.IsZero() {
		v.Dated = exp.Started.UTC().Format("2 January 2006, 15:04 UTC")
	}
	for i, row := range r.Rows {
		v.Variants = append(v.Variants, named{i, row.Name()})
	}
	v.IntervalsTitle, v.Intervals = r.Intervals()
	v.MemoryCaption, v.PeaksCaption = r.CurvesCaption(), r.PeaksCaption()
	v.Beside = len(r.Rows) <= mostBeside
	curves := allCurves(r)
	v.Data, v.Trials = newData(r, curves)
	v.Memory, v.Peaks = memoryPictures(r, curves), peakPictures(r)
	if len(r.Trade().Points) > 1 {
		drawn := tradePictures(r)
		v.Trade, v.TradeCaption = &drawn, r.TradeCaption()
	}
	v.Figures = m.table("figures", m.caption(), m.whole)
	v.Heap = m.table("heap", "What the C heap holds, what that takes, and what is given back", r.Heap())
	v.Cost = m.table("cost", "CPU time and latency", r.Cost())
	v.Readings = m.table("readings", "How well the memory was read", r.Readings())
	v.Arranged, v.Notes = r.Arranged(), m.notes
	v.Live = live
	if !live { // it takes longer than all the rest
		v.Raw = newRaw(exp)
	}
	return v
}

// stamp is what a report that failed its control is stamped with. Why, the verdict
// says.
func stamp(r *report.Report) string {
	text, _, _ := strings.Cut(r.Stamp(), ":")
	return text
}

// mostBeside is for how many variants there is room beside the curves to say more
// of their peaks than the dots do.
const mostBeside = 4

// caption says what the figures of the first table are.
func (m *maker) caption() string {
	text := "Figures of each variant"
	if m.r.Rounds > 1 {
		text = fmt.Sprintf("Medians over %d rounds", m.r.Rounds)
	}
	if m.r.Comparisons > 0 {
		text += ", and the change against " + plain.Name(m.r.Exp.Design.Baseline)
	}
	return text
}

// table gives a table its marks.
func (m *maker) table(id, caption string, from *report.Table) table {
	to := table{ID: id, Caption: caption}
	for i, row := range m.r.Rows {
		to.Rows = append(to.Rows, line{Index: i, Name: row.Name()})
	}
	for j, c := range from.Columns {
		to.Heads = append(to.Heads, head{Key: c.Key, Unit: c.Unit, Marks: m.marks(fmt.Sprintf("%s-h%d", id, j), c.Key, c.Notes, from == m.whole)})
		for i, of := range c.Cells {
			marks := m.marks(fmt.Sprintf("%s-%d-%d", id, i, j), c.Key+" of "+to.Rows[i].Name, of.Notes, from == m.whole)
			if c.Key == report.ColVariant {
				to.Rows[i].Marks = marks
				continue
			}
			one := cell{Value: of.Value, Change: of.Change.String(), Marks: marks}
			switch {
			case m.invalid: // nothing is better or worse
			case of.Ratio < 1:
				one.Way = "less"
			case of.Ratio > 1:
				one.Way = "more"
			}
			if one.Change == report.None {
				one.Change = ""
			}
			to.Rows[i].Cells = append(to.Rows[i].Cells, one)
		}
	}
	return to
}

// marks makes a mark per note, and with back a link back from each.
func (m *maker) marks(id, label string, notes []*report.Note, back bool) []mark {
	var marks []mark
	for _, number := range m.whole.Numbers(notes) {
		if number == 0 {
			continue
		}
		one := mark{number, fmt.Sprintf("%s-n%d", id, number)}
		marks = append(marks, one)
		if back {
			to := &m.notes[number-1]
			to.Back = append(to.Back, link{one.ID, label})
		}
	}
	return marks
}

// Nothing says that no trial has ended yet.
func (v *view) Nothing() bool { return v.Live && v.Trials.Count == 0 }

// Colour is the number of the variant's colour.
func (n named) Colour() int { return n.Index % chart.Colours }
