package plan

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// Position is a place in a file of a plan.
type Position struct {
	File   string // as reached from the name given to Load
	Line   int    // from 1; 0: the file as a whole
	Column int    // from 1, in characters
}

// String gives file:line:column.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// prefix is what stands in front of a text that belongs to p.
func (p Position) prefix() string {
	if p.File == "" {
		return ""
	}
	return p.String() + ": "
}

// Mistake is one thing that keeps a plan from being loaded.
type Mistake struct {
	Pos     Position // the zero Position where no file is to blame
	Msg     string
	Excerpt string // two lines, the second with carets below the place; may be empty
	Advice  string // what to do about it; may be empty

	kind error // one of those that callers tell apart; may be nil
}

// ErrNoneSelected is what a Mistake wraps where the tags asked for leave no item
// to run.
var ErrNoneSelected = errors.New("the tags select no item")

// Error gives the place, the message and, on lines of their own, the excerpt.
func (m *Mistake) Error() string {
	s := m.Pos.prefix() + m.Msg
	if m.Excerpt != "" {
		s += "\n" + m.Excerpt
	}
	return s
}

// Hint says what to do about it.
func (m *Mistake) Hint() string { return m.Advice }

// Unwrap gives the kind of the mistake to errors.Is.
func (m *Mistake) Unwrap() error { return m.kind }

// IsMistake says that the mistake is in the plan, not in carrying it out.
func (m *Mistake) IsMistake() bool { return true }

// Errors is every mistake of one load, in the order of the files.
type Errors []*Mistake

// Error gives all mistakes, an empty line between two. The hints stand with
// their mistakes, but for that of the last one, which is Hint's.
func (e Errors) Error() string {
	var b strings.Builder
	for i, m := range e {
		if i > 0 {
			if hint := e[i-1].Advice; hint != "" {
				b.WriteString("\nhint: " + hint)
			}
			b.WriteString("\n\n")
		}
		b.WriteString(m.Error())
	}
	return b.String()
}

// Hint is that of the last mistake, so that a program that prints Error and
// then Hint prints every hint once.
func (e Errors) Hint() string {
	if len(e) == 0 {
		return ""
	}
	return e[len(e)-1].Advice
}

// Unwrap gives the mistakes to errors.As.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, m := range e {
		errs[i] = m
	}
	return errs
}

// newMistake makes a Mistake with an excerpt of f, which may be nil. Excerpts
// end up in logs, so they show no passwords of URLs.
func newMistake(f *file, pos Position, msg, hint string) *Mistake {
	m := &Mistake{Pos: pos, Msg: msg, Advice: hint}
	if f != nil && pos.Line > 0 {
		m.Excerpt = excerpt(weburl.HideUsers(f.line(pos.Line)), pos.Line, pos.Column)
	}
	return m
}

// The width of an excerpt in characters. A line of a plan can be megabytes long
// (a body), so it is cut on both sides of the place.
const (
	excerptWidth  = 100
	excerptBefore = 40
)

// excerpt shows the part of a line around a column, and carets below the word
// that begins there.
func excerpt(line string, number, column int) string {
	at := 0
	for i := 1; i < column && at < len(line); i++ {
		_, n := utf8.DecodeRuneInString(line[at:])
		at += n
	}
	start, before := at, 0
	for ; start > 0 && before < excerptBefore; before++ {
		_, n := utf8.DecodeLastRuneInString(line[:start])
		start -= n
	}
	end, after := at, 0
	for ; end < len(line) && before+after < excerptWidth-2; after++ { // 2: for the dots
		_, n := utf8.DecodeRuneInString(line[end:])
		end += n
	}
	left, right := "", ""
	if start > 0 {
		left, before = "…", before+1
	}
	if end < len(line) {
		right = "…"
	}
	shown := left + strings.Map(visible, line[start:end]) + right
	carets := strings.Repeat("^", max(1, utf8.RuneCountInString(word(line[at:end]))))
	return fmt.Sprintf("%5d | %s\n%5s | %s%s", number, shown, "", strings.Repeat(" ", before), carets)
}

// visible stands for a character that would move the carets or the cursor.
func visible(r rune) rune {
	switch {
	case r == '\t':
		return '→'
	case !unicode.IsPrint(r):
		return utf8.RuneError
	}
	return r
}

// word is the YAML token, roughly, that s begins with.
func word(s string) string {
	if s == "" {
		return ""
	}
	if strings.HasPrefix(s, "{{") {
		if i := strings.Index(s, "}}"); i >= 0 {
			return s[:i+2]
		}
	}
	if s[0] == '"' || s[0] == '\'' {
		if i := strings.IndexByte(s[1:], s[0]); i >= 0 {
			return s[:i+2]
		}
	}
	for i, r := range s {
		switch r {
		case ' ', '\t', ',', '[', ']', '{', '}':
			return s[:i]
		case ':':
			if rest := s[i+1:]; rest == "" || rest[0] == ' ' {
				return s[:i]
			}
		}
	}
	return s
}
