package main

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// writer turns values into JSON text. Producers of webhooks differ in how they
// write what is not ASCII, so there are two ways.
type writer struct {
	ascii   bool // é as \u00e9, and what is beyond 16 bits as a surrogate pair
	slashes bool // / as \/
}

// quote writes a string.
func (w writer) quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"', c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '/' && w.slashes:
			b.WriteString(`\/`)
		case c < ' ', c > '~' && c <= 0xffff && w.ascii:
			fmt.Fprintf(&b, `\u%04x`, c)
		case c > 0xffff && w.ascii:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// member is one key of an object with its value, which is JSON already.
type member struct{ key, value string }

// object writes an object, its members in the given order.
func (w writer) object(members []member) string {
	parts := make([]string, len(members))
	for i, m := range members {
		parts[i] = w.quote(m.key) + ":" + m.value
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// array writes an array of JSON values.
func array(values []string) string { return "[" + strings.Join(values, ",") + "]" }
