package variant

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Mistake is a mistake in a variant, or in the name of a list of variants, as
// somebody wrote it.
type Mistake struct {
	Of      int    // which of those that were asked for, from 0
	File    string // the list it stands in; empty: it was asked for directly
	Line    int    // in File, from 1
	Text    string // what was written
	At, Len int    // where in Text, in bytes
	Problem string
	Advice  string
}

// Error gives the problem with its place, and shows where in the text it is unless
// that is the text as a whole.
func (m *Mistake) Error() string {
	var b strings.Builder
	if m.File != "" {
		fmt.Fprintf(&b, "%s:%d: ", printable(m.File), m.Line)
	}
	b.WriteString(m.Problem)
	if trimmed := strings.TrimSpace(m.Text); trimmed != "" && (m.File != "" || m.Len < len(trimmed)) && len(m.Text) <= mostShown {
		at := min(m.At, len(m.Text))
		end := min(at+max(1, m.Len), len(m.Text))
		carets := max(1, utf8.RuneCountInString(m.Text[at:end]))
		fmt.Fprintf(&b, "\n    %s\n    %s%s", strings.ReplaceAll(m.Text, "\t", " "),
			strings.Repeat(" ", utf8.RuneCountInString(m.Text[:at])), strings.Repeat("^", carets))
	}
	return b.String()
}

// mostShown is how long a text may be to be shown whole.
const mostShown = 200

// Hint says what to do about it.
func (m *Mistake) Hint() string { return m.Advice }

// IsMistake says that the mistake is in what was asked for.
func (m *Mistake) IsMistake() bool { return true }
