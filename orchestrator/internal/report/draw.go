package report

import (
	"slices"
	"strings"
)

// Colours of a terminal.
const (
	green  = "\x1b[32m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	reset  = "\x1b[0m"
)

// paint colours text, if colours are wanted.
func (t *textWriter) paint(color, text string) string {
	if !t.Color || color == "" || strings.TrimSpace(text) == "" {
		return text
	}
	return color + text + reset
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
func (t *textWriter) choose(all []column) []drawn {
	keys := make([]string, len(all))
	for i, c := range all {
		keys[i] = c.key
	}
	// The variant and its peak stay, however narrow the terminal.
	least := slices.Index(keys, colPeak) + 1
	wanted := slices.Index(keys, colP99) + 1
	for n := len(all); n >= wanted; n-- {
		if shown, ok := t.draw(all[:n], " "); ok {
			return shown
		}
	}
	for n := len(all); ; n-- {
		if shown, ok := t.draw(all[:n], ""); ok || n <= least {
			return shown
		}
	}
}

// draw draws columns and says whether they fit. Apart is put after columns of
// changes.
func (t *textWriter) draw(columns []column, apart string) (shown []drawn, fit bool) {
	t.noted, t.numbers = footnotes(columns)
	used := 0
	for i, c := range columns {
		var d drawn
		switch {
		case c.key == colVariant:
			d = t.drawNames(c)
		case slices.ContainsFunc(c.cells, func(cell cell) bool { return cell.change.to != "" }):
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
func (t *textWriter) drawNames(c column) drawn {
	d := drawn{width: width(c.key + t.numbers.marks(c.notes))}
	for _, cell := range c.cells {
		d.width = max(d.width, width(cell.value+t.numbers.marks(cell.notes)))
	}
	d.head = t.paint(bold, c.key) + t.marked(c.notes, d.width-width(c.key)) + "\n" + left("", d.width)
	for _, cell := range c.cells {
		d.lines = append(d.lines, cell.value+t.marked(cell.notes, d.width-width(cell.value)))
	}
	return d
}

// drawFigures draws a column of figures: all to the right, marks after them to
// the left.
func (t *textWriter) drawFigures(c column) drawn {
	values, noted := max(width(c.key), width(c.unit)), width(t.numbers.marks(c.notes))
	for _, cell := range c.cells {
		values = max(values, width(cell.value))
		noted = max(noted, width(t.numbers.marks(cell.notes)))
	}
	d := drawn{width: values + noted}
	d.head = right("", values-width(c.key)) + t.paint(bold, c.key) + t.marked(c.notes, noted) + "\n" + left(right(c.unit, values), d.width)
	for _, cell := range c.cells {
		d.lines = append(d.lines, right(cell.value, values)+t.marked(cell.notes, noted))
	}
	return d
}

// drawChanges draws a column of figures with changes: values to the right under
// the start of the head, then the changes, their bounds under each other, then
// marks. Where a figure has no change, its marks take the room of the change.
func (t *textWriter) drawChanges(c column, apart string) drawn {
	values, from, to := width(c.unit), 0, 0
	for _, cell := range c.cells {
		values = max(values, width(cell.value))
		from, to = max(from, width(cell.change.from)), max(to, width(cell.change.to))
	}
	// A plain change has no more room of its own where others have intervals.
	room := to
	if from > 0 {
		room += from + width(dots)
	}
	d := drawn{width: width(c.key + t.numbers.marks(c.notes))}
	type line struct{ value, change, color string }
	lines := make([]line, len(c.cells))
	for i, cell := range c.cells {
		l := line{value: right(cell.value, values)}
		if cell.change.to != "" {
			text := right(cell.change.to, to)
			if cell.change.from != "" {
				text = right(cell.change.from, from) + dots + text
			}
			l.change = gap + right(text, room)
		}
		if cell.ratio < 1 {
			l.color = green
		} else if cell.ratio > 1 {
			l.color = red
		}
		lines[i] = l
		d.width = max(d.width, width(l.value+l.change+t.numbers.marks(cell.notes)))
	}
	d.head = t.paint(bold, c.key) + t.marked(c.notes, d.width-width(c.key)) + apart + "\n" + left(right(c.unit, values), d.width) + apart
	for i, l := range lines {
		d.lines = append(d.lines, l.value+t.paint(l.color, l.change)+t.marked(c.cells[i].notes, d.width-width(l.value+l.change))+apart)
	}
	d.width += width(apart)
	return d
}

// marked gives the marks of notes in room columns.
func (t *textWriter) marked(notes []*Note, room int) string {
	text := t.numbers.marks(notes)
	return t.paint(yellow, text) + right("", room-width(text))
}
