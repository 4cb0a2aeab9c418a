package report

import (
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Table is the report as words: what a renderer lays out. Nothing that a reader
// must know of a figure is anywhere else.
type Table struct {
	Columns []Column
	// Notes are those of the columns in reading order: heads, then row by row from
	// left to right. The number of a note is its place among them, from 1.
	Notes   []*Note
	numbers map[*Note]int
}

// Column is one figure of all variants, in one unit.
type Column struct {
	Key   string  // one of the Col constants, and its head
	Unit  string  // "" for none
	Notes []*Note // that hold for the whole column
	Cells []Cell  // one per row of the report, in its order
}

// Cell is one figure of one variant.
type Cell struct {
	Value  string  // without the unit; None if not measured
	Change Change  // against the baseline; empty where there is none to give
	Ratio  float64 // that the change tells; 1 if it tells nothing
	Notes  []*Note // that weaken this figure
}

// Table lays out the rows, each column in one scale, the most telling first.
// Failures are not the last thing to tell where there are any: they stand first
// then.
func (r *Report) Table() *Table {
	all := []Column{
		r.variantColumn(),
		r.memoryColumn(ColPeak, func(row *Row) Memory { return row.Peak }),
		r.memoryColumn(ColSteady, func(row *Row) Memory { return row.Steady }),
		r.memoryColumn(ColIdle, func(row *Row) Memory { return row.Idle }),
		r.figureColumn(ColOverhead, timesScale, func(row *Row) stat.Estimate { return row.Overhead }),
		r.figureColumn(ColCPU, TimeScale, func(row *Row) stat.Estimate { return times(row.CPU, 1e9) }),
		r.figureColumn(ColP99, TimeScale, func(row *Row) stat.Estimate { return row.P99 }),
		r.figureColumn(ColP50, TimeScale, func(row *Row) stat.Estimate { return row.P50 }),
		r.figureColumn(ColLive, MemoryScale, func(row *Row) stat.Estimate { return row.Live }),
	}
	if r.Failed() > 0 {
		return tableOf(slices.Insert(all, 1, r.failedColumn()))
	}
	return tableOf(append(all, r.failedColumn()))
}

// tableOf numbers the notes of columns.
func tableOf(columns []Column) *Table {
	t := &Table{Columns: columns, numbers: map[*Note]int{}}
	take := func(notes []*Note) {
		for _, note := range notes {
			if t.numbers[note] == 0 {
				t.Notes = append(t.Notes, note)
				t.numbers[note] = len(t.Notes)
			}
		}
	}
	rows := 0
	for _, c := range columns {
		take(c.Notes)
		rows = max(rows, len(c.Cells))
	}
	for i := range rows {
		for _, c := range columns {
			take(c.Cells[i].Notes)
		}
	}
	return t
}

// Only gives a table of some of the columns, with the notes that are marked in
// them numbered anew.
func (t *Table) Only(keep func(Column) bool) *Table {
	return tableOf(slices.DeleteFunc(slices.Clone(t.Columns), func(c Column) bool { return !keep(c) }))
}

// First gives a table of the first n columns, as Only does.
func (t *Table) First(n int) *Table { return tableOf(t.Columns[:n:n]) }

// Numbers gives the numbers of notes in ascending order, each once. Notes that
// are marked in none of the columns have the number 0.
func (t *Table) Numbers(notes []*Note) []int {
	var all []int
	for _, note := range notes {
		all = append(all, t.numbers[note])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Marks writes the numbers of notes raised, each after a space, such as " ¹ ³".
func (t *Table) Marks(notes []*Note) string {
	var b strings.Builder
	for _, number := range t.Numbers(notes) {
		b.WriteString(" " + Superscript(number))
	}
	return b.String()
}

// superscripts are the digits of marks.
var superscripts = []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")

// Superscript writes n, not negative, with raised digits.
func Superscript(n int) string {
	if n >= 10 {
		return Superscript(n/10) + Superscript(n%10)
	}
	return string(superscripts[n])
}

// Failed is the number of failed requests of all rows.
func (r *Report) Failed() int {
	failed := 0
	for _, row := range r.all() {
		failed += row.Failed
	}
	return failed
}

func (r *Report) variantColumn() Column {
	c := Column{Key: ColVariant, Notes: r.headNotes[ColVariant]}
	for _, row := range r.Rows {
		c.Cells = append(c.Cells, Cell{Value: row.Name(), Ratio: 1, Notes: row.notes[ColVariant]})
	}
	return c
}

// memoryColumn lays out a memory figure with its change against the baseline.
func (r *Report) memoryColumn(key string, figure func(*Row) Memory) Column {
	c := r.figureColumn(key, MemoryScale, func(row *Row) stat.Estimate { return figure(row).Estimate })
	for i, row := range r.Rows {
		m := figure(row)
		if row.Baseline || m.N == 0 {
			continue
		}
		c.Cells[i].Change = changeOf(m.Ratio)
		if m.Ratio.N > 0 && m.Ratio.Verdict() != stat.NotShown {
			c.Cells[i].Ratio = m.Ratio.Center
		}
	}
	return c
}

// figureColumn lays out a figure in the scale that fits all rows.
func (r *Report) figureColumn(key string, fit func([]float64) Scale, figure func(*Row) stat.Estimate) Column {
	var values []float64
	for _, row := range r.Rows {
		if e := figure(row); e.N > 0 {
			values = append(values, e.Center)
		}
	}
	s := fit(values)
	c := Column{Key: key, Unit: s.Unit, Notes: r.headNotes[key]}
	for _, row := range r.Rows {
		text := None
		if e := figure(row); e.N > 0 {
			text = s.Format(e.Center)
		}
		c.Cells = append(c.Cells, Cell{Value: text, Ratio: 1, Notes: row.notes[key]})
	}
	return c
}

func (r *Report) failedColumn() Column {
	c := Column{Key: ColFailed, Notes: r.headNotes[ColFailed]}
	for _, row := range r.Rows {
		text := None
		if row.Requests > 0 {
			text = words.Count(row.Failed)
		}
		c.Cells = append(c.Cells, Cell{Value: text, Ratio: 1, Notes: row.notes[ColFailed]})
	}
	return c
}

// times gives an estimate in a unit that is smaller by the factor.
func times(e stat.Estimate, factor float64) stat.Estimate {
	e.Center *= factor
	e.Lo *= factor
	e.Hi *= factor
	return e
}
