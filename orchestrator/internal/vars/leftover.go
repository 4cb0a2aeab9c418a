package vars

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Leftover is a piece of a text in double braces that is no variable, so that
// it is text like any other.
type Leftover struct {
	Written string // braces included
	Why     string // what about it makes it none
}

// Leftovers gives those of s, in the order in which they end. Braces that only
// close are none, as at the end of a JSON text, nor are two that open and are
// closed one by one. A name with closing braces too few is.
func Leftovers(s string) []Leftover {
	var w walker
	for w.at = 0; w.at < len(s); {
		switch s[w.at] {
		case '{':
			w.opening(s)
		case '}':
			w.closing(s)
		default:
			w.at++
		}
	}
	for _, p := range w.open {
		if p.name > 0 {
			w.found = append(w.found, Leftover{s[p.at:p.name], "the closing braces are missing"})
		}
	}
	return w.found
}

// walker goes through a text from brace to brace.
type walker struct {
	at    int
	open  []pair
	found []Leftover
}

// pair is two opening braces that are not closed yet.
type pair struct {
	at     int
	name   int  // where a name ends that stands right behind them; 0: none does
	single int  // opening braces inside that stand alone, less the closing ones
	half   bool // a brace that stands alone has closed one of the two
	holds  bool // a variable stands inside
}

// opening takes the braces at w.at. Of more than two it is the last ones that
// can begin something.
func (w *walker) opening(s string) {
	run := len(s[w.at:]) - len(strings.TrimLeft(s[w.at:], "{"))
	w.at += run
	if run == 1 {
		if top := w.top(); top != nil {
			top.single++
		}
		return
	}
	start := w.at - 2
	name, end := nameAt(s, w.at)
	switch rest := s[end:]; {
	case name != "" && strings.HasPrefix(rest, "}}"):
		if top := w.top(); top != nil {
			top.holds = true
		}
		w.at = end + 2
	case name != "" && strings.HasPrefix(rest, "}"):
		w.found = append(w.found, Leftover{s[start : end+1], "the second closing brace is missing"})
		w.at = end + 1
	default:
		p := pair{at: start}
		if name != "" {
			p.name = w.at + strings.Index(s[w.at:], name) + len(name)
		}
		w.open = append(w.open, p)
	}
}

// closing takes the brace at w.at, and a second one if both close a pair.
func (w *walker) closing(s string) {
	top := w.top()
	w.at++
	switch {
	case top == nil:
	case top.single > 0:
		top.single--
	case strings.HasPrefix(s[w.at:], "}"):
		inside := s[top.at+2 : w.at-1]
		w.found = append(w.found, Leftover{s[top.at : w.at+1], why(inside, top.holds)})
		w.at++
		w.open = w.open[:len(w.open)-1]
		if outer := w.top(); outer != nil {
			outer.holds = true
		}
	case top.half:
		w.open = w.open[:len(w.open)-1]
	default:
		top.half = true
	}
}

func (w *walker) top() *pair {
	if len(w.open) == 0 {
		return nil
	}
	return &w.open[len(w.open)-1]
}

// why says what makes the text between double braces no name of a variable.
func why(inside string, holds bool) string {
	name := strings.Trim(inside, " ")
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	switch {
	case name == "":
		return "there is no name in it"
	case holds:
		return "braces inside braces make no name"
	case unicode.IsSpace(first):
		return fmt.Sprintf("only blanks may stand around a name, and this is %q", first)
	case unicode.IsSpace(last):
		return fmt.Sprintf("only blanks may stand around a name, and this is %q", last)
	case first >= utf8.RuneSelf || !isLetter(byte(first)):
		return fmt.Sprintf("a name begins with a letter from a to z, not with %q", first)
	}
	for _, r := range name {
		if r == ' ' {
			return "a blank cannot be in a name"
		}
		if r >= utf8.RuneSelf || !inName(byte(r)) {
			return fmt.Sprintf("%q cannot be in a name", r)
		}
	}
	return "it is not a name"
}
