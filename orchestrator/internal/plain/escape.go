package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escape writes what cannot be seen, or would move what can, as Go writes it in
// a literal. Some controls may stay.
func escape(text, stay string) string {
	i := 0
	for i < len(text) && (text[i] >= ' ' && text[i] <= '~' || strings.IndexByte(stay, text[i]) >= 0) {
		i++
	}
	if i == len(text) {
		return text
	}
	var b []byte // nil as long as nothing had to be changed
	var at sight
	if i > 0 {
		at.last = rune(text[i-1])
	}
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case n == 1 && strings.IndexByte(stay, text[i]) >= 0, at.shows(r, n, text[i+n:]):
			if b != nil {
				b = append(b, text[i:i+n]...)
			}
		default:
			if b == nil {
				b = append(make([]byte, 0, len(text)+32), text[:i]...)
			}
			b = appendEscaped(b, r, text[i:i+n])
		}
		i += n
	}
	if b == nil {
		return text
	}
	return string(b)
}

// appendEscaped writes a rune, or a byte that is none.
func appendEscaped(b []byte, r rune, raw string) []byte {
	switch {
	case r == '\n':
		return append(b, `\n`...)
	case r == '\r':
		return append(b, `\r`...)
	case r == '\t':
		return append(b, `\t`...)
	case len(raw) == 1:
		return fmt.Appendf(b, `\x%02x`, raw[0])
	case r > 0xffff:
		return fmt.Appendf(b, `\U%08x`, r)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}

// sight knows what was seen last, for some signs are part of a writing in one
// place and hide in another.
type sight struct {
	last  rune // 0 at the start
	marks int  // since the last sign that is no accent
}

// mostMarks is how many accents one sign may carry. The most that a language
// needs is about six; heaps of them run into the lines above.
const mostMarks = 10

// shows says whether a rune of n bytes can be seen, in front of the rest.
func (s *sight) shows(r rune, n int, rest string) bool {
	ok := s.visible(r, n, rest)
	if s.last = r; !ok {
		s.last = '0' // as behind the escape
		if s.marks <= mostMarks {
			s.marks = 0
		}
	}
	return ok
}

func (s *sight) visible(r rune, n int, rest string) bool {
	switch {
	case r == utf8.RuneError && n == 1:
		return false
	case r == zeroWidthNonJoiner || r == zeroWidthJoiner:
		s.marks = 0
		next, _ := utf8.DecodeRuneInString(rest)
		return joins(s.last, r, next)
	case unicode.Is(unicode.Variation_Selector, r):
		return s.last > ' ' && !unicode.Is(unicode.Variation_Selector, s.last)
	case hidden(r):
		return false
	case r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me):
		s.marks++
		return s.marks <= mostMarks
	}
	s.marks = 0
	return true
}

// hidden says that a rune is a control or a format character: it moves the
// cursor, turns the direction, breaks the line, or shows as nothing.
func hidden(r rune) bool {
	switch {
	case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0xad:
		return true
	case r < 0x300:
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// joined are the scripts in which joiners are spelling.
var joined = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko,
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil,
	unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar,
}

// joins says that a joiner stands where it changes what is seen: within a word
// of those scripts, or between two emoji that make one.
func joins(before, joiner, after rune) bool {
	letters := func(r rune) bool {
		return unicode.In(r, joined...) && unicode.In(r, unicode.L, unicode.M) && !hidden(r)
	}
	if letters(before) && letters(after) {
		return true
	}
	const emojiPresentation, lightSkin, darkSkin = '\ufe0f', '\U0001f3fb', '\U0001f3ff'
	emoji := unicode.Is(unicode.So, before) || before == emojiPresentation || before >= lightSkin && before <= darkSkin
	return joiner == zeroWidthJoiner && emoji && unicode.Is(unicode.So, after) && after != utf8.RuneError
}
