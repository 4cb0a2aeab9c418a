package console

import (
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// colour is what stands in an ANSI sequence for it.
type colour string

const (
	none   colour = ""
	bold   colour = "1"
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
	purple colour = "35"
	cyan   colour = "36"

	boldGreen  colour = "1;32"
	boldYellow colour = "1;33"
	boldBlue   colour = "1;34"
	boldCyan   colour = "1;36"
)

// drill's columns.
const (
	nameWidth  = 25
	labelWidth = 25
	listWidth  = 15
)

// text writes a text in a colour. It may be anybody's: what a terminal would act
// on is shown instead, and of a line without end the beginning.
func (f Format) text(b []byte, c colour, text string) []byte { return f.padded(b, c, text, 0) }

// padded writes a text in a colour, with blanks behind it up to a width in
// characters. They belong to the coloured span.
func (f Format) padded(b []byte, c colour, text string, width int) []byte {
	text = plain.Line(text)
	coloured := f.Colour && c != none
	if coloured {
		b = append(b, "\x1b["...)
		b = append(b, c...)
		b = append(b, 'm')
	}
	b = append(b, text...)
	for n := width - utf8.RuneCountInString(text); n > 0; n-- {
		b = append(b, ' ')
	}
	if coloured {
		b = append(b, "\x1b[0m"...)
	}
	return b
}

// name begins a line with the name of an item.
func (f Format) name(b []byte, name string) []byte {
	return append(f.padded(b, green, plain.Name(name), nameWidth), ' ')
}

// label writes what a figure is, and a blank.
func (f Format) label(b []byte, label string) []byte {
	return append(f.padded(b, yellow, label, labelWidth), ' ')
}
