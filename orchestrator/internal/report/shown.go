package report

import (
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// A saved experiment may have been edited, or come from anywhere. Figures are
// worked out from what it says, to the letter; what is printed of its words is
// made fit for that: names here, prose in wrap, and the words of Markdown, CSV
// and JSON where they are written.

// How much of a text is printed, in columns; a file holds all.
const (
	mostName = 60              // a name: more would push a table off the screen
	mostPart = 400             // one of the parts of a line below the table
	mostNote = plain.LineWidth // a footnote
	mostText = 4 * mostNote    // a paragraph
)

// Name is the variant as it is shown. What tells rows apart is Variant.
func (row *Row) Name() string { return named(row.Variant) }

// named gives a name as it is shown.
func named(text string) string { return plain.Cut(text, mostName) }

// prose gives a text as words of one line.
func prose(text string, most int) string {
	return plain.Cut(strings.Join(strings.Fields(text), " "), most)
}
