package weburl

import (
	"bytes"
	"strings"
)

// target makes path and query of text, which goes on where dir ends: dir is a
// clean path up to a slash. A slash that text begins with is that same one.
func target(dir, text string) string {
	text, _, _ = strings.Cut(text, "#")
	if dir == "/" && clean(text) {
		return text
	}
	if slashes(text) > 0 {
		text = text[1:]
	}
	path, query, asked := strings.Cut(text, "?")
	b := append(make([]byte, 0, len(dir)+len(text)+len(text)/2), dir...)
	b = appendPath(b, path)
	if asked {
		b = append(b, '?')
		b = appendEscaped(b, query, escapedInQuery)
	}
	return string(b)
}

// clean says that text is a target as it stands. It may say no to one that is:
// after a slash, a dot or an escape can begin a segment of dots.
func clean(text string) bool {
	if text == "" || text[0] != '/' {
		return false
	}
	path, query, _ := strings.Cut(text, "?")
	for i := range len(path) {
		c := path[i]
		if escapedInPath(c) || c == '\\' || i > 0 && path[i-1] == '/' && (c == '.' || c == '%') {
			return false
		}
	}
	for i := range len(query) {
		if escapedInQuery(query[i]) {
			return false
		}
	}
	return true
}

// appendPath puts path behind b, which ends with a slash. Segments of dots go,
// those of two dots together with the segment before them; an empty segment is
// one like any other.
func appendPath(b []byte, path string) []byte {
	for more := true; more; {
		segment := path
		end := strings.IndexAny(path, `/\`)
		if more = end >= 0; more {
			segment, path = path[:end], path[end+1:]
		}
		switch dots(segment) {
		case 1:
		case 2:
			if len(b) > 1 {
				b = b[:bytes.LastIndexByte(b[:len(b)-1], '/')+1]
			}
		default:
			b = appendEscaped(b, segment, escapedInPath)
			if more {
				b = append(b, '/')
			}
		}
	}
	return b
}

// dots counts the dots of a segment of one or two, each of which may be
// escaped; any other segment has 0.
func dots(segment string) int {
	n := 0
	for segment != "" {
		switch {
		case segment[0] == '.':
			segment = segment[1:]
		case len(segment) >= 3 && strings.EqualFold(segment[:3], "%2e"):
			segment = segment[3:]
		default:
			return 0
		}
		n++
	}
	if n > 2 {
		return 0
	}
	return n
}

// appendEscaped puts s behind b, with %XX for what escaped names. Escapes that
// are there stay, broken ones too.
func appendEscaped(b []byte, s string, escaped func(c byte) bool) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		if c := s[i]; escaped(c) {
			b = append(b, '%', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}

func escapedInPath(c byte) bool {
	switch c {
	case '"', '<', '>', '`', '{', '}':
		return true
	}
	return c <= ' ' || c >= 0x7f
}

func escapedInQuery(c byte) bool {
	switch c {
	case '"', '<', '>', '\'':
		return true
	}
	return c <= ' ' || c >= 0x7f
}
