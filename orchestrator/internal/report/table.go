package report

import (
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// column is one column of the table, as words: what a renderer lays out.
type column struct {
	key   string // its head, too
	unit  string // "" for none
	notes []*Note
	cells []cell
}

// cell is one figure.
type cell struct {
	value  string  // without the unit; none if not measured
	change change  // against the baseline; empty where there is none to give
	ratio  float64 // that the change tells; 1 if it tells nothing
	notes  []*Note
}

// columns lays out the rows, each column in one scale, the most telling first.
// Failures are not the last thing to tell where there are any: they stand first
// then.
func (r *Report) columns() []column {
	all := []column{
		r.variantColumn(),
		r.memoryColumn(colPeak, func(row *Row) Memory { return row.Peak }),
		r.memoryColumn(colSteady, func(row *Row) Memory { return row.Steady }),
		r.memoryColumn(colIdle, func(row *Row) Memory { return row.Idle }),
		r.figureColumn(colOverhead, func([]float64) scale { return scale{"×", 1, 1} }, func(row *Row) stat.Estimate { return row.Overhead }),
		r.figureColumn(colCPU, timeScale, func(row *Row) stat.Estimate { return times(row.CPU, 1e9) }),
		r.figureColumn(colP99, timeScale, func(row *Row) stat.Estimate { return row.P99 }),
		r.figureColumn(colP50, timeScale, func(row *Row) stat.Estimate { return row.P50 }),
		r.figureColumn(colLive, memoryScale, func(row *Row) stat.Estimate { return row.Live }),
	}
	if r.failures() > 0 {
		return slices.Insert(all, 1, r.failedColumn())
	}
	return append(all, r.failedColumn())
}

// failures is the number of failed requests of all rows.
func (r *Report) failures() int {
	failed := 0
	for _, row := range r.Rows {
		failed += row.Failed
	}
	return failed
}

func (r *Report) variantColumn() column {
	c := column{key: colVariant, notes: r.headNotes[colVariant]}
	for _, row := range r.Rows {
		c.cells = append(c.cells, cell{value: row.name(), ratio: 1, notes: row.notes[colVariant]})
	}
	return c
}

// memoryColumn lays out a memory figure with its change against the baseline.
func (r *Report) memoryColumn(key string, figure func(*Row) Memory) column {
	c := r.figureColumn(key, memoryScale, func(row *Row) stat.Estimate { return figure(row).Estimate })
	for i, row := range r.Rows {
		m := figure(row)
		if row.Baseline || m.N == 0 {
			continue
		}
		c.cells[i].change = changeOf(m.Ratio)
		if m.Ratio.N > 0 && m.Ratio.Verdict() != stat.NotShown {
			c.cells[i].ratio = m.Ratio.Center
		}
	}
	return c
}

// figureColumn lays out a figure in the scale that fits all rows.
func (r *Report) figureColumn(key string, fit func([]float64) scale, figure func(*Row) stat.Estimate) column {
	var values []float64
	for _, row := range r.Rows {
		if e := figure(row); e.N > 0 {
			values = append(values, e.Center)
		}
	}
	s := fit(values)
	c := column{key: key, unit: s.unit, notes: r.headNotes[key]}
	for _, row := range r.Rows {
		text := none
		if e := figure(row); e.N > 0 {
			text = s.format(e.Center)
		}
		c.cells = append(c.cells, cell{value: text, ratio: 1, notes: row.notes[key]})
	}
	return c
}

func (r *Report) failedColumn() column {
	c := column{key: colFailed, notes: r.headNotes[colFailed]}
	for _, row := range r.Rows {
		text := none
		if row.Requests > 0 {
			text = words.Count(row.Failed)
		}
		c.cells = append(c.cells, cell{value: text, ratio: 1, notes: row.notes[colFailed]})
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
