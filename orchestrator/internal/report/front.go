package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Trade is what memory costs: the peak RSS of each variant against its CPU time
// per request.
type Trade struct {
	Points []TradePoint // of the rows that have both figures, in their order
	Front  []int        // of Points: those that Front gives
}

// TradePoint is a variant in a Trade.
type TradePoint struct {
	Row   *Row
	Index int           // among the rows of the report
	CPU   stat.Estimate // nanoseconds per request
	Peak  stat.Estimate // bytes
	Best  bool          // on the front
	Text  string        // both figures with their units
}

// Trade gives the points of all rows that have both figures. Memory that is
// withheld, because it is contradicted, is no figure.
func (r *Report) Trade() *Trade {
	t := &Trade{}
	var cpus []float64
	for _, row := range r.Rows {
		if row.CPU.N > 0 {
			cpus = append(cpus, row.CPU.Center*1e9)
		}
	}
	s := TimeScale(cpus)
	var places [][2]float64
	for i, row := range r.Rows {
		if row.Contradicted != nil || row.Peak.N == 0 || row.CPU.N == 0 || !(row.Peak.Center > 0) || !(row.CPU.Center > 0) {
			continue
		}
		p := TradePoint{Row: row, Index: i, CPU: times(row.CPU, 1e9), Peak: row.Peak.Estimate}
		p.Text = fmt.Sprintf("peak %s, CPU %s %s per request", mebibytes(p.Peak.Center), s.Format(p.CPU.Center), s.Unit)
		t.Points = append(t.Points, p)
		places = append(places, [2]float64{p.CPU.Center, p.Peak.Center})
	}
	t.Front = Front(places)
	for _, i := range t.Front {
		t.Points[i].Best = true
	}
	return t
}

// Front gives the Pareto front of places where less is better in both directions:
// the indices of those that no other place is below in one and not above in the
// other, from left to right. Places that are the same stand or fall together.
func Front(places [][2]float64) []int {
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(places[a][0], places[b][0]), cmp.Compare(places[a][1], places[b][1]))
	})
	var front []int
	for _, i := range order {
		if n := len(front); n == 0 || places[i][1] < places[front[n-1]][1] || places[i] == places[front[n-1]] {
			front = append(front, i)
		}
	}
	return front
}

// TradeCaption says how the picture of the trade is to be read.
func (r *Report) TradeCaption() string {
	text := "Each point is a variant"
	if r.Rounds > 1 {
		text += ", by the medians over the rounds"
	}
	if slices.ContainsFunc(r.Trade().Points, func(p TradePoint) bool { return p.CPU.Interval || p.Peak.Interval }) {
		text += "; the whiskers are 95 % intervals of its own figures"
	}
	text += ". The line is the Pareto front of these figures: nothing takes both less CPU and less memory than what is on it, and what is paler is beaten in one without being better in the other." +
		" Points whose whiskers overlap may well change places."
	if shared := r.costShared(); shared != "" {
		text += " CPU is not the variants' own: they were " + shared + "."
	}
	if without := r.withoutTrade(); len(without) > 0 {
		text += " Not measured in both: " + words.Series(without) + "."
	}
	return text
}

// withoutTrade names the rows that have no point.
func (r *Report) withoutTrade() []string {
	has := map[*Row]bool{}
	for _, p := range r.Trade().Points {
		has[p.Row] = true
	}
	var names []string
	for _, row := range r.Rows {
		if !has[row] {
			names = append(names, row.Name())
		}
	}
	return names
}

// costShared says why CPU and latency are not the variants' own; "" where they
// are.
func (r *Report) costShared() string {
	if !r.together() || !slices.ContainsFunc(r.all(), (*Row).starved) {
		return ""
	}
	return "loaded together on " + words.Plural(r.Exp.Environment.CPUs, "CPU", "CPUs")
}

// TradeText says in words what the picture of the trade shows.
func (r *Report) TradeText(t *Trade) string {
	if len(t.Points) == 0 {
		return "No variant has both figures."
	}
	var best, others []string
	for _, i := range t.Front {
		best = append(best, t.Points[i].Row.Name()+" ("+t.Points[i].Text+")")
	}
	for _, p := range t.Points {
		if !p.Best {
			others = append(others, p.Row.Name()+" ("+p.Text+")")
		}
	}
	text := "On the front: " + strings.Join(best, "; ") + "."
	if len(others) > 0 {
		text += " Behind it: " + strings.Join(others, "; ") + "."
	}
	return prose(text, mostText)
}
