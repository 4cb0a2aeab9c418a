package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// headers reads the headers of a request, in order. Of two spellings of one
// name the last one is sent.
func (l *loader) headers(f *file, e entry) []Header {
	switch k := resolve(e.value); k {
	case kindNull:
		return nil
	case kindMap:
	default:
		l.warn(f, e.value, fmt.Sprintf("headers is %s, not a mapping: it is ignored", k), "")
		return nil
	}
	var headers []Header
	for _, e := range entries(e.value) {
		header, ok := l.header(f, e)
		if !ok {
			continue
		}
		same := func(h Header) bool { return strings.EqualFold(h.Name, header.Name) }
		if i := slices.IndexFunc(headers, same); i >= 0 {
			l.warn(f, e.key, fmt.Sprintf("the header %q is given twice: this one is sent", header.Name), "")
			headers = slices.Delete(headers, i, i+1)
		}
		headers = append(headers, header)
	}
	return headers
}

func (l *loader) header(f *file, e entry) (Header, bool) {
	name := e.key.Value
	if resolve(e.key) != kindString || !IsToken(name) {
		hint := ""
		switch {
		case IsToken(name):
			hint = "quote it"
		case name == "<<":
			hint = "merge keys are not applied"
		case vars.Find(name) != "":
			hint = "only values have variables filled in"
		}
		l.failAt(f, e.key, fmt.Sprintf("%q cannot be the name of a header", short(name)), hint)
		return Header{}, false
	}
	switch k := resolve(e.value); k {
	case kindString:
	case kindInt, kindFloat, kindBool:
		l.warn(f, e.value, fmt.Sprintf("the header %q is %s, sent as it is written", short(name), k), "quote it")
	case kindRefused:
		return Header{}, false
	default:
		l.failAt(f, e.key, fmt.Sprintf("the header %q is %s: it must be text", short(name), k), unquoted(e.value))
		return Header{}, false
	}
	value := e.value.Value
	shown := f
	if IsSecret(name) {
		shown = nil
	}
	if !IsFieldValue(value) {
		hint := ""
		if strings.IndexByte(value, '\n') == len(value)-1 {
			hint = "a block ends with a line break: begin it with >- or |-"
		}
		l.fail(shown, f.pos(e.value), fmt.Sprintf("the header %q holds a line break or control character", short(name)), hint)
		return Header{}, false
	}
	return Header{name, l.template(f, shown, e.value, value)}, true
}

// IsToken says whether s can be a method or the name of a header.
func IsToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// IsFieldValue says whether s can be the value of a header.
func IsFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
