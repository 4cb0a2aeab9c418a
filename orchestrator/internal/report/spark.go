package report

import (
	"math"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

const (
	leastSpark = 30  // columns: with fewer a chart says nothing
	mostSpark  = 100 // columns: with more it says nothing new
	mostTall   = 8   // variants whose charts are two lines high
)

// eighths are the blocks that fill a line from below.
var eighths = []rune(" ▁▂▃▄▅▆▇█")

// spark draws the memory over time of each variant in block characters, all in
// one scale of bytes and one of time, with the batches marked below. A column is
// as high as the curve's line is at most within it. Where the width leaves too
// little, there is no chart.
func (t *textWriter) spark() {
	names := 0
	for _, row := range t.r.Rows {
		names = max(names, width(row.Name()))
	}
	columns := min(mostSpark, t.Width-names-2*len(gap))
	if columns < leastSpark {
		return
	}
	const perColumn = 4
	curves := t.r.Curves(perColumn*columns, 0)
	top, drawn := 0.0, 0
	for _, c := range curves.Rows {
		for _, p := range c.Line {
			top = max(top, p.Mid)
		}
		if len(c.Line) > 0 {
			drawn++
		}
	}
	if top == 0 || curves.Length <= 0 {
		return
	}
	title := "memory over time"
	if t.r.Rounds > 1 {
		title += ", medians of " + words.Plural(t.r.Rounds, "round", "rounds")
	}
	t.b.WriteString("\n")
	if drawn <= mostTall {
		title += ", batches marked below"
	}
	wrap(&t.b, "", title+"; full height is "+mebibytes(top), t.Width)
	for _, c := range curves.Rows {
		if len(c.Line) == 0 {
			continue
		}
		heights := heightsOf(c, curves.Length, columns)
		name := gap + left(c.Row.Name(), names) + gap
		if drawn > mostTall {
			t.line(name, blocks(heights, top, 0, 1))
			continue
		}
		t.line(left("", width(name)), blocks(heights, top, 1, 2))
		t.line(name, blocks(heights, top, 0, 2))
		t.line(left("", width(name)), marksOf(c, curves.Length, columns))
	}
	end := short(rounded(curves.Length))
	t.line(left("", names+2*len(gap)), "0"+right(end, columns-1))
}

// line writes a line without blanks at its end.
func (t *textWriter) line(head, text string) {
	t.b.WriteString(strings.TrimRight(head+text, " ") + "\n")
}

// heightsOf gives the highest point of a curve's line in each column; NaN where
// it has not begun or has ended.
func heightsOf(c *Curve, length time.Duration, columns int) []float64 {
	heights := make([]float64, columns)
	for i := range heights {
		heights[i] = math.NaN()
	}
	last := -1
	for _, p := range c.Line {
		i := column(p.At, length, columns)
		if last >= 0 {
			for k := last + 1; k < i; k++ {
				heights[k] = heights[last] // no reading for longer than a column
			}
		}
		if !(p.Mid <= heights[i]) {
			heights[i] = p.Mid
		}
		last = i
	}
	return heights
}

// column gives the column of a time.
func column(at, length time.Duration, columns int) int {
	return max(0, min(columns-1, int(at.Seconds()/length.Seconds()*float64(columns))))
}

// blocks draws one of the lines of a chart, the lowest of which is 0.
func blocks(heights []float64, top float64, line, lines int) string {
	var b strings.Builder
	for _, h := range heights {
		level := 0
		if h > 0 {
			// What there is shows, however little.
			level = max(1, int(math.Round(h/top*float64(8*lines))))
		}
		b.WriteRune(eighths[max(0, min(8, level-8*line))])
	}
	return b.String()
}

// marksOf marks the columns in which a variant is in a batch.
func marksOf(c *Curve, length time.Duration, columns int) string {
	line := []rune(strings.Repeat(" ", columns))
	for _, b := range c.Batches() {
		for i := column(b.Start, length, columns); i <= column(b.End-1, length, columns); i++ {
			line[i] = '▔'
		}
	}
	return string(line)
}

// rounded gives a time in whole seconds, or in tenths if it is short.
func rounded(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}
