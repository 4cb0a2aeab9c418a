package plain

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Field gives a text as the field of a CSV file: one line of at most LineWidth
// columns that no spreadsheet takes for a formula. An apostrophe in front of it
// is what spreadsheets themselves mark such text with. Quotes and commas are the
// matter of encoding/csv, and numbers are no text.
func Field(text string) string {
	text = Line(text)
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " "))
	if strings.ContainsRune("=+-@＝＋－＠", first) && text != "" {
		return "'" + text
	}
	return text
}

// JSON escapes in JSON what encoding/json leaves as it is and a terminal acts
// on: the upper controls, marks of direction, what is not seen. The values stay
// the same. What it is given is changed or given back.
func JSON(text []byte) []byte {
	// All of that is beyond ASCII but for DEL, and so within strings.
	var b []byte // nil as long as nothing had to be changed
	from := 0    // what is in b, of text
	for i := 0; i < len(text); {
		if c := text[i]; c < 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if hidden(r) && r != zeroWidthJoiner && r != zeroWidthNonJoiner {
			b = appendJSON(append(b, text[from:i]...), r)
			from = i + n
		}
		i += n
	}
	if b == nil {
		return text
	}
	return append(b, text[from:]...)
}

// appendJSON writes a rune as \u and its UTF-16.
func appendJSON(b []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	units := []rune{r}
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		units = []rune{high, low}
	}
	for _, u := range units {
		b = append(b, '\\', 'u', digits[u>>12&15], digits[u>>8&15], digits[u>>4&15], digits[u&15])
	}
	return b
}
