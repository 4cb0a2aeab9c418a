package plan

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// columns warns of what is wrong with the names in the first row of a CSV file,
// each at its place. Drill says nothing about them.
func (l *loader) columns(name string, first *csvRows, header []string) {
	// Enough of the file for an excerpt.
	text := strings.TrimPrefix(first.text, byteOrderMark)
	mark := len(first.text) - len(text)
	f := &file{name: name, text: text[:first.at-mark]}
	exact, bare := make(map[string]int), make(map[string]int)
	told, more := 0, 0
	warn := func(i int, text, hint string) {
		if told == mostColumns { // to find a place takes time, and a row can have any number of fields
			more++
			return
		}
		told++
		l.warnAt(f, f.offset(first.spans[i].at-mark), text, hint)
	}
	for i, field := range header {
		trimmed := strings.TrimSpace(field)
		same, near := exact[field], bare[trimmed]
		switch {
		case same > 0:
			warn(i, fmt.Sprintf("the column %q is there twice, first as column %d: this one counts", short(field), same), "")
		case near > 0:
			warn(i, fmt.Sprintf("the column %q differs from column %d, %q, in blanks alone", short(field), near, short(header[near-1])), "take the blanks away")
		case field == "":
			warn(i, fmt.Sprintf("column %d has no name", i+1), "")
		case !isStep(field):
			hint := "a name is made of letters, digits, - _ and $"
			switch {
			case isStep(trimmed):
				hint = "take the blanks away"
			case len(header) == 1 && strings.ContainsAny(field, ";\t|"):
				hint = "only commas part the columns"
			}
			warn(i, fmt.Sprintf("no {{ item.NAME }} leads to the column %q: %s", short(field), outside(field)), hint)
		}
		if same == 0 {
			exact[field] = i + 1
		}
		if near == 0 {
			bare[trimmed] = i + 1
		}
	}
	if first.open {
		l.warnAt(f, f.offset(first.spans[len(header)-1].at-mark), openQuote, "")
	}
	if more > 0 {
		l.warnAt(f, f.offset(0), fmt.Sprintf("%s more of this row with such names", words.Plural(more, "column", "columns")), "")
	}
}

// mostColumns is how many are told one by one; the rest is counted.
const mostColumns = 20

// isStep says whether a text can be one step of a variable, such as the name of
// a column behind item.
func isStep(s string) bool { return s != "" && outside(s) == "" }

// outside says which character of a text keeps it from being a step.
func outside(s string) string {
	for _, r := range s {
		switch {
		case r == ' ':
			return "a blank cannot be in a name"
		case strings.ContainsRune(".[]", r):
			return fmt.Sprintf("%q leads on to something inside", r)
		case r >= utf8.RuneSelf || !nameable("a"+string(r)):
			return fmt.Sprintf("%q cannot be in a name", r)
		}
	}
	return ""
}
