package report

import (
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/layout"
)

// paint colours text, if colours are wanted.
func (t *textWriter) paint(color, text string) string {
	if !t.Color {
		return text
	}
	return layout.Paint(color, text)
}

// drawn is a column as characters: a head of two lines, and a line per row.
type drawn struct {
	head  string
	lines []string
	width int
}

// choose draws as many columns as fit, the first ones, with the footnotes
// numbered that are marked in them. Columns of changes stand a little apart if
// no figure up to p99 is lost by that.
func (t *textWriter) choose(all *Table) []drawn {
	until := func(key string) int {
		return slices.IndexFunc(all.Columns, func(c Column) bool { return c.Key == key }) + 1
	}
	// The variant and its peak stay, however narrow the terminal.
	least, wanted := until(ColPeak), until(ColP99)
	for n := len(all.Columns); n >= wanted; n-- {
		if shown, ok := t.draw(all.First(n), " "); ok {
			return shown
		}
	}
	for n := len(all.Columns); ; n-- {
		if shown, ok := t.draw(all.First(n), ""); ok || n <= least {
			return shown
		}
	}
}

// draw draws columns and says whether they fit. Apart is put after columns of
// changes.
func (t *textWriter) draw(table *Table, apart string) (shown []drawn, fit bool) {
	t.table = table
	used := 0
	for i, c := range table.Columns {
		var d drawn
		switch {
		case c.Key == ColVariant:
			d = t.drawNames(c)
		case slices.ContainsFunc(c.Cells, func(cell Cell) bool { return cell.Change.To != "" }):
			d = t.drawChanges(c, apart)
		default:
			d = t.drawFigures(c)
		}
		if i > 0 {
			used += len(gap)
		}
		used += d.width
		shown = append(shown, d)
	}
	return shown, used <= t.Width
}

// drawNames draws the first column: names to the left, marks right after them.
func (t *textWriter) drawNames(c Column) drawn {
	d := drawn{width: width(c.Key + t.table.Marks(c.Notes))}
	for _, cell := range c.Cells {
		d.width = max(d.width, width(cell.Value+t.table.Marks(cell.Notes)))
	}
	d.head = t.paint(bold, c.Key) + t.marked(c.Notes, d.width-width(c.Key)) + "\n" + left("", d.width)
	for _, cell := range c.Cells {
		d.lines = append(d.lines, cell.Value+t.marked(cell.Notes, d.width-width(cell.Value)))
	}
	return d
}

// drawFigures draws a column of figures: all to the right, marks after them to
// the left.
func (t *textWriter) drawFigures(c Column) drawn {
	values, noted := max(width(c.Key), width(c.Unit)), width(t.table.Marks(c.Notes))
	for _, cell := range c.Cells {
		values = max(values, width(cell.Value))
		noted = max(noted, width(t.table.Marks(cell.Notes)))
	}
	d := drawn{width: values + noted}
	d.head = right("", values-width(c.Key)) + t.paint(bold, c.Key) + t.marked(c.Notes, noted) + "\n" + left(right(c.Unit, values), d.width)
	for _, cell := range c.Cells {
		d.lines = append(d.lines, right(cell.Value, values)+t.marked(cell.Notes, noted))
	}
	return d
}

// drawChanges draws a column of figures with changes: values to the right under
// the start of the head, then the changes, their bounds under each other, then
// marks. Where a figure has no change, its marks take the room of the change.
func (t *textWriter) drawChanges(c Column, apart string) drawn {
	values, from, to := width(c.Unit), 0, 0
	for _, cell := range c.Cells {
		values = max(values, width(cell.Value))
		from, to = max(from, width(cell.Change.From)), max(to, width(cell.Change.To))
	}
	// A plain change has no more room of its own where others have intervals.
	room := to
	if from > 0 {
		room += from + width(dots)
	}
	d := drawn{width: width(c.Key + t.table.Marks(c.Notes))}
	type line struct{ value, change, color string }
	lines := make([]line, len(c.Cells))
	for i, cell := range c.Cells {
		l := line{value: right(cell.Value, values)}
		if cell.Change.To != "" {
			text := right(cell.Change.To, to)
			if cell.Change.From != "" {
				text = right(cell.Change.From, from) + dots + text
			}
			l.change = gap + right(text, room)
		}
		if cell.Ratio < 1 {
			l.color = green
		} else if cell.Ratio > 1 {
			l.color = red
		}
		lines[i] = l
		d.width = max(d.width, width(l.value+l.change+t.table.Marks(cell.Notes)))
	}
	d.head = t.paint(bold, c.Key) + t.marked(c.Notes, d.width-width(c.Key)) + apart + "\n" + left(right(c.Unit, values), d.width) + apart
	for i, l := range lines {
		d.lines = append(d.lines, l.value+t.paint(l.color, l.change)+t.marked(c.Cells[i].Notes, d.width-width(l.value+l.change))+apart)
	}
	d.width += width(apart)
	return d
}

// marked gives the marks of notes in room columns.
func (t *textWriter) marked(notes []*Note, room int) string {
	text := t.table.Marks(notes)
	return t.paint(yellow, text) + right("", room-width(text))
}
