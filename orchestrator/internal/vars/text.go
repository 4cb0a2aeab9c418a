// Package vars fills variables into texts: templates as drill writes them,
// {{ name }}, and the values that they stand for.
//
// A text is compiled once, when a plan is loaded, and rendered for each request
// into a buffer of the caller's. Values are read from JSON and written as JSON
// in the very form that drill gives them, as what a plan sends is made of them.
package vars

import (
	"slices"
	"strings"
)

// Text is a text with variables in it, compiled. The zero value is the empty
// text.
type Text struct {
	raw   string
	parts []part // nil where there are no variables
}

// part is some literal text and the variable that follows it.
type part struct {
	literal string
	name    string   // without the blanks around it; empty: none follows
	written string   // the same with blanks and braces
	path    []string // the steps of name
}

// Parse compiles s. Two opening braces, blanks, a letter, further letters,
// digits and - . _ $ [ ], blanks and two closing braces are a variable. Braces
// around anything else are text like any other.
func Parse(s string) Text {
	t := Text{raw: s}
	rest := s
	for {
		start, end, name := next(rest)
		if name == "" {
			break
		}
		t.parts = append(t.parts, part{rest[:start], name, rest[start:end], steps(name)})
		rest = rest[end:]
	}
	if t.parts != nil && rest != "" {
		t.parts = append(t.parts, part{literal: rest})
	}
	return t
}

// Find gives the first variable in s as it is written, braces included, or "".
func Find(s string) string {
	start, end, name := next(s)
	if name == "" {
		return ""
	}
	return s[start:end]
}

// next finds the first variable of s. Where there is none, name is empty.
func next(s string) (start, end int, name string) {
	for from := 0; ; {
		i := strings.Index(s[from:], "{{")
		if i < 0 {
			return 0, 0, ""
		}
		start = from + i
		name, end := nameAt(s, start+2)
		if name != "" && strings.HasPrefix(s[end:], "}}") {
			return start, end + 2, name
		}
		from = start + 1 // "{{{ x }}" holds a variable after its first brace
	}
}

// nameAt gives the name at a byte of s, with blanks around it, and where these
// end. Where there is none, it is empty.
func nameAt(s string, at int) (name string, end int) {
	for at < len(s) && s[at] == ' ' {
		at++
	}
	begin := at
	if at < len(s) && isLetter(s[at]) {
		for at < len(s) && inName(s[at]) {
			at++
		}
	}
	name = s[begin:at]
	for at < len(s) && s[at] == ' ' {
		at++
	}
	return name, at
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func inName(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || strings.IndexByte("-._$[]", c) >= 0
}

// String gives the text as it was written.
func (t Text) String() string { return t.raw }

// Static says that there are no variables in the text.
func (t Text) Static() bool { return t.parts == nil }

// Names gives the variables of the text as written, without braces and blanks,
// in order; one that occurs twice stands there twice.
func (t Text) Names() []string {
	var names []string
	for _, p := range t.parts {
		if p.name != "" {
			names = append(names, p.name)
		}
	}
	return names
}

// Variable is one that a text holds.
type Variable struct {
	Name    string
	Path    []string // the steps of the name: that of user.phones[0] are user, phones and 0
	Written string   // with blanks and braces
}

// Variables gives those of the text, in order; one that occurs twice stands
// there twice.
func (t Text) Variables() []Variable {
	var all []Variable
	for _, p := range t.parts {
		if p.name != "" {
			all = append(all, Variable{p.name, p.path, p.written})
		}
	}
	return all
}

// UnknownError is a variable that nothing stands for.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string { return "unknown variable " + e.Name }

// Append renders the text behind dst. What is filled in is not looked at again.
// An unknown variable is an *UnknownError; where unknown is not nil, it is told
// the name instead, and nothing is filled in.
func (t Text) Append(dst []byte, s *Scope, unknown func(name string)) ([]byte, error) {
	if t.parts == nil {
		return append(dst, t.raw...), nil
	}
	// Room for all that is written and a little for each value, so that a large
	// text is not moved about while it grows.
	dst = slices.Grow(dst, len(t.raw)+32*len(t.parts))
	for i := range t.parts {
		p := &t.parts[i]
		dst = append(dst, p.literal...)
		if p.name == "" {
			continue
		}
		if value, ok := s.value(p.path); ok {
			dst = AppendValue(dst, value)
		} else if text, ok := s.env[p.name]; ok {
			dst = append(dst, text...)
		} else if unknown != nil {
			unknown(p.name)
		} else {
			return dst, &UnknownError{p.name}
		}
	}
	return dst, nil
}

// Render is Append to a new string.
func (t Text) Render(s *Scope, unknown func(name string)) (string, error) {
	if t.parts == nil {
		return t.raw, nil
	}
	var room [256]byte
	b, err := t.Append(room[:0], s, unknown)
	return string(b), err
}
