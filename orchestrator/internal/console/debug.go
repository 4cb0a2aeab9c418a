package console

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

const hexDigits = "0123456789abcdef"

// appendDebug writes a text in quotes as Rust's debug format does: what cannot
// be seen on its own is escaped. Bytes that are not UTF-8 become U+FFFD.
func appendDebug(b []byte, text string) []byte {
	b = append(b, '"')
	for _, r := range text {
		switch r {
		case 0:
			b = append(b, `\0`...)
		case '\t':
			b = append(b, `\t`...)
		case '\r':
			b = append(b, `\r`...)
		case '\n':
			b = append(b, `\n`...)
		case '"', '\\':
			b = append(b, '\\', byte(r))
		default:
			if unicode.IsPrint(r) && !extends(r) {
				b = utf8.AppendRune(b, r)
				continue
			}
			b = append(b, `\u{`...)
			b = strconv.AppendInt(b, int64(r), 16)
			b = append(b, '}')
		}
	}
	return append(b, '"')
}

// extends says that a character is drawn onto the one before it.
func extends(r rune) bool {
	return r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me, unicode.Other_Grapheme_Extend)
}

// appendDebugList writes texts as Rust's debug format writes a list.
func appendDebugList(b []byte, texts []string) []byte {
	b = append(b, '[')
	for i, text := range texts {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendDebug(b, text)
	}
	return append(b, ']')
}

// appendHeaders writes header fields as Rust's debug format writes a map of
// them: names in lower case, the values of one name side by side where its
// first stands.
func appendHeaders(b []byte, fields []load.Field) []byte {
	b = append(b, '{')
	first := true
	for i, field := range fields {
		same := func(f load.Field) bool { return strings.EqualFold(f.Name, field.Name) }
		if slices.ContainsFunc(fields[:i], same) {
			continue
		}
		for _, f := range fields[i:] {
			if !same(f) {
				continue
			}
			if !first {
				b = append(b, ", "...)
			}
			first = false
			b = append(b, '"')
			b = append(b, plain.Whole(strings.ToLower(f.Name))...)
			b = append(b, `": `...)
			b = appendHeaderValue(b, f.Value)
		}
	}
	return append(b, '}')
}

// appendHeaderValue writes a value byte by byte: a backslash is not escaped,
// what is not visible ASCII is given in hexadecimal.
func appendHeaderValue(b []byte, value string) []byte {
	b = append(b, '"')
	for i := range len(value) {
		switch c := value[i]; {
		case c == '"':
			b = append(b, `\"`...)
		case c >= ' ' && c < 0x7f, c == '\t':
			b = append(b, c)
		default:
			b = append(b, `\x`...)
			if c >= 0x10 {
				b = append(b, hexDigits[c>>4])
			}
			b = append(b, hexDigits[c&15])
		}
	}
	return append(b, '"')
}
