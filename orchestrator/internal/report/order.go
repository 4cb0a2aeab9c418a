package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Order says in which order a report has its rows, and how many of them.
type Order struct {
	By  string // one of Orders(); empty: that of the design, or peak if Top cuts
	Top int    // so many rows, and the baseline; 0 or less: all
}

// The orders that are not those of a figure.
const (
	ByDesign = "design"
	ByName   = "name"
)

// orders are those of a figure, the least first.
var orders = []struct {
	name, column string
	of           func(*Row) stat.Estimate
}{
	{"peak", ColPeak, func(row *Row) stat.Estimate { return row.Peak.Estimate }},
	{"steady", ColSteady, func(row *Row) stat.Estimate { return row.Steady.Estimate }},
	{"idle", ColIdle, func(row *Row) stat.Estimate { return row.Idle.Estimate }},
	{"overhead", ColOverhead, func(row *Row) stat.Estimate { return row.Overhead }},
	{"cpu", ColCPU, func(row *Row) stat.Estimate { return row.CPU }},
	{"p99", ColP99, func(row *Row) stat.Estimate { return row.P99 }},
}

// Orders lists what rows can be in the order of, the default first.
func Orders() []string {
	names := []string{ByDesign}
	for _, o := range orders {
		names = append(names, o.name)
	}
	return append(names, ByName)
}

// figure gives the figure of an order; nil for one that is of none.
func (o Order) figure() (column string, of func(*Row) stat.Estimate) {
	for _, order := range orders {
		if order.name == o.By {
			return order.column, order.of
		}
	}
	return "", nil
}

// Arrange puts the rows in an order, the least median first and what was not
// measured last, and keeps the first of them and the baseline. What the report
// says as a whole stays that of all variants: the verdict, what failed, how many
// comparisons hold together. Its notes are those of the rows that are left.
func (r *Report) Arrange(o Order) *Report {
	if o.By == "" {
		o.By = ByDesign
		if o.Top > 0 {
			o.By = orders[0].name
		}
	}
	verdict := r.Verdict()
	r.told, r.order = &verdict, o
	rows := slices.Clone(r.all())
	if _, of := o.figure(); of != nil {
		slices.SortStableFunc(rows, func(a, b *Row) int {
			x, y := of(a), of(b)
			return cmp.Or(cmp.Compare(min(y.N, 1), min(x.N, 1)), cmp.Compare(x.Center, y.Center))
		})
	} else if o.By == ByName {
		slices.SortStableFunc(rows, func(a, b *Row) int { return strings.Compare(a.Variant, b.Variant) })
	}
	r.every, r.Rows = r.all(), nil
	for i, row := range rows {
		if o.Top <= 0 || i < o.Top || row.Baseline {
			r.Rows = append(r.Rows, row)
		}
	}
	r.Notes, r.headNotes = nil, map[string][]*Note{}
	for _, row := range r.every {
		row.notes = map[string][]*Note{}
	}
	r.annotate()
	return r
}

// all gives the rows of all variants, those among them that Arrange took away.
func (r *Report) all() []*Row {
	if r.every != nil {
		return r.every
	}
	return r.Rows
}

// Hidden is how many variants Arrange took away.
func (r *Report) Hidden() int { return len(r.all()) - len(r.Rows) }

// Arranged says below a table in which order it is and what is not in it; nothing
// of one that has all rows in the order of the design. An order of medians is no
// ranking, and must not be taken for one.
func (r *Report) Arranged() []string {
	var lines []string
	if column, of := r.order.figure(); of != nil {
		text := fmt.Sprintf("in the order of the medians of %s, the least first", column)
		if r.Comparisons > 0 {
			text += fmt.Sprintf("; neighbours need not differ, for what is tested is each variant against %s", named(r.Exp.Design.Baseline))
		}
		lines = append(lines, text)
	}
	if n := r.Hidden(); n > 0 {
		left := 0
		for _, row := range r.every {
			if row.LeftOut != "" && !slices.Contains(r.Rows, row) {
				left++
			}
		}
		text := words.Plural(n, "more variant", "more variants")
		if left > 0 {
			text += fmt.Sprintf(", %d of them left out of the run", left)
		}
		lines = append(lines, text+": --top 0 shows "+plural(n, "it", "them"))
	}
	return lines
}
