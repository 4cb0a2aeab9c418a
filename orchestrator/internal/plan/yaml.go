package plan

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// parse fills f.root from f.text. As drill does, it takes the white space off
// both ends first: a block scalar at the end of a file loses its last newline.
func (l *loader) parse(f *file) {
	f.text = strings.TrimPrefix(f.text, "\ufeff")
	if !utf8.ValidString(f.text) {
		l.badText(f)
		return
	}
	left := strings.TrimLeftFunc(f.text, unicode.IsSpace)
	skipped := f.text[:len(f.text)-len(left)]
	lines := lineStarts(skipped)
	f.skippedLines = len(lines) - 1
	skipped = skipped[lines[f.skippedLines]:]
	f.skippedColumns = utf8.RuneCountInString(skipped)

	text := version(strings.TrimRightFunc(left, unicode.IsSpace))
	first, next, err := documents(text)
	if err == nil && next > 0 {
		l.warnAt(f, f.at(next, 1), "a further document: only the first one counts", "")
		// Again, for the end of the first one has to be trimmed too.
		first, _, err = documents(strings.TrimRightFunc(before(text, next), unicode.IsSpace))
	}
	if err != nil {
		l.badYAML(f, err)
		return
	}
	if first == nil {
		return
	}
	if l.check(f, first) {
		f.root = first
	} else {
		f.bad = true
	}
}

// version makes a file that says it is YAML 1.2 one of 1.1, the only version
// that the parser takes. It reads scalars in neither way: resolve does.
func version(text string) string {
	const newer, older = "%YAML 1.2", "%YAML 1.1"
	for at := 0; at < len(text); {
		line, _, _ := strings.Cut(text[at:], "\n")
		switch {
		case strings.HasPrefix(line, newer):
			return text[:at] + older + text[at+len(newer):]
		case strings.TrimSpace(line) != "" && line[0] != '#' && line[0] != '%':
			return text
		}
		at += len(line) + 1
	}
	return text
}

// documents gives the first document that is not null, and the line on which
// the next such document begins, 0 if there is none.
func documents(text string) (first *yaml.Node, next int, err error) {
	loader, err := yaml.NewLoader(strings.NewReader(text))
	if err != nil {
		return nil, 0, err
	}
	for {
		var doc yaml.Node
		switch err := loader.Load(&doc); {
		case errors.Is(err, io.EOF):
			return first, 0, nil
		case err != nil:
			return nil, 0, err
		}
		if len(doc.Content) == 0 || resolve(doc.Content[0]) == kindNull {
			continue
		}
		if first != nil {
			return first, doc.Line, nil
		}
		first = doc.Content[0]
	}
}

// before cuts text in front of a line.
func before(text string, line int) string { return text[:lineStarts(text)[line-1]] }

// badText reports the first byte that is no part of a UTF-8 text, or else the
// first character that YAML forbids. It says whether there was one.
func (l *loader) badText(f *file) bool {
	for i := 0; i < len(f.text); {
		r, n := utf8.DecodeRuneInString(f.text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			f.bad = true
			l.fail(f, f.offset(i), fmt.Sprintf("the byte 0x%02x is not UTF-8", f.text[i]), "save the file as UTF-8")
			return true
		case r < ' ' && r != '\n' && r != '\t' && r != '\r', r >= 0x7f && r < 0xa0 && r != 0x85, r == 0xfffe, r == 0xffff:
			f.bad = true
			l.fail(f, f.offset(i), fmt.Sprintf("the character %U is not allowed in YAML", r),
				fmt.Sprintf(`write it as an escape in a text in double quotes: "\u%04x"`, r))
			return true
		}
		i += n
	}
	return false
}

// badYAML reports what the parser found.
func (l *loader) badYAML(f *file, err error) {
	f.bad = true
	if l.badText(f) {
		return
	}
	var e *yaml.LoadError
	if !errors.As(err, &e) || e.Mark.Line == 0 {
		l.fail(f, Position{File: f.name}, "this is not YAML: "+err.Error(), "")
		return
	}
	msg := e.Message
	if e.ContextMsg != "" {
		msg += " " + e.ContextMsg
	}
	pos := f.inside(f.at(e.Mark.Line, e.Mark.Column))
	if f.runeAt(pos) == '\t' {
		l.fail(f, pos, "a tab cannot indent YAML", "use spaces")
		return
	}
	hint := ""
	if e.Message == "found unknown escape character" {
		hint = `between double quotes a backslash is written \\, and ' as it is`
	}
	l.fail(f, pos, "this is not YAML: "+msg, hint)
}

// runeAt gives the character at a place.
func (f *file) runeAt(pos Position) rune {
	for i, r := range []rune(f.line(pos.Line)) {
		if i+1 == pos.Column {
			return r
		}
	}
	return 0
}
