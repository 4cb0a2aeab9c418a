package vars

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may be nested for drill.
const maxDepth = 127

// Mistakes that encoding/json does not see as such.
var (
	errDepth     = errors.New("nested too deep")
	errSurrogate = errors.New("half of a surrogate pair")
	errRange     = errors.New("number out of range")
	errUTF8      = errors.New("not UTF-8")
)

// DecodeJSON reads one JSON value, and takes what drill takes: UTF-8 without a
// byte order mark, no half of a surrogate pair, at most 127 levels. Integers
// are exact in an int64 or, beyond it, a uint64; all other numbers, -0 among
// them, are a float64. Of a key that occurs twice the last value counts. The
// error names the byte, counted from 0.
func DecodeJSON(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, errUTF8
	}
	d := decoder{text: text}
	value, err := d.value()
	if err == nil && d.peek() != 0 {
		err = errors.New("more than one value")
	}
	if err == nil && d.at < len(text) {
		err = errors.New("zero byte")
	}
	if err != nil {
		return nil, fmt.Errorf("byte %d: %w", d.at, err)
	}
	return value, nil
}

type decoder struct {
	text  []byte
	at    int
	depth int
}

// next gives the byte at the decoder, 0 at the end. No JSON holds the byte 0.
func (d *decoder) next() byte {
	if d.at < len(d.text) {
		return d.text[d.at]
	}
	return 0
}

// peek skips white space first.
func (d *decoder) peek() byte {
	for d.next() == ' ' || d.next() == '\n' || d.next() == '\t' || d.next() == '\r' {
		d.at++
	}
	return d.next()
}

// skip takes one byte after white space, if it is c.
func (d *decoder) skip(c byte) bool {
	if d.peek() != c {
		return false
	}
	d.at++
	return true
}

func (d *decoder) value() (any, error) {
	switch c := d.peek(); {
	case c == '{':
		return d.nested(d.object)
	case c == '[':
		return d.nested(d.array)
	case c == '"':
		return d.string()
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	}
	rest := d.text[d.at:]
	for _, word := range []struct {
		text  string
		value any
	}{{"null", nil}, {"true", true}, {"false", false}} {
		if bytes.HasPrefix(rest, []byte(word.text)) {
			d.at += len(word.text)
			return word.value, nil
		}
	}
	return nil, errors.New("no value")
}

// nested reads an array or object one level down.
func (d *decoder) nested(read func() (any, error)) (any, error) {
	if d.depth == maxDepth {
		return nil, errDepth
	}
	d.depth++
	d.at++
	value, err := read()
	d.depth--
	return value, err
}

func (d *decoder) array() (any, error) {
	list := []any{}
	if d.skip(']') {
		return list, nil
	}
	for {
		value, err := d.value()
		if err != nil {
			return nil, err
		}
		list = append(list, value)
		if d.skip(']') {
			return list, nil
		}
		if !d.skip(',') {
			return nil, errors.New("neither comma nor ]")
		}
	}
}

func (d *decoder) object() (any, error) {
	members := map[string]any{}
	if d.skip('}') {
		return members, nil
	}
	for {
		if d.peek() != '"' {
			return nil, errors.New("no key")
		}
		key, err := d.string()
		if err != nil {
			return nil, err
		}
		if !d.skip(':') {
			return nil, errors.New("no colon")
		}
		if members[key], err = d.value(); err != nil {
			return nil, err
		}
		if d.skip('}') {
			return members, nil
		}
		if !d.skip(',') {
			return nil, errors.New("neither comma nor }")
		}
	}
}

// string reads a string, at whose opening quote the decoder is.
func (d *decoder) string() (string, error) {
	d.at++
	start := d.at
	var unescaped []byte // what comes before start, once there was an escape
	for {
		switch c := d.next(); {
		case c == '"':
			piece := d.text[start:d.at]
			d.at++
			if unescaped == nil {
				return string(piece), nil
			}
			return string(append(unescaped, piece...)), nil
		case c == '\\':
			unescaped = append(unescaped, d.text[start:d.at]...)
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			unescaped = utf8.AppendRune(unescaped, r)
			start = d.at
		case c < ' ':
			return "", errors.New("control character or end in a string")
		default:
			d.at++
		}
	}
}

// escape reads what a backslash begins.
func (d *decoder) escape() (rune, error) {
	d.at++
	c := d.next()
	d.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return d.unicode()
	}
	return 0, errors.New("unknown escape")
}

// unicode reads the digits after \u, and a second escape where the first one
// is half of a pair.
func (d *decoder) unicode() (rune, error) {
	r, err := d.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if !bytes.HasPrefix(d.text[d.at:], []byte(`\u`)) {
		return 0, errSurrogate
	}
	d.at += 2
	low, err := d.hex()
	if err != nil {
		return 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, errSurrogate
	}
	return r, nil
}

func (d *decoder) hex() (rune, error) {
	end := min(d.at+4, len(d.text))
	n, err := strconv.ParseUint(string(d.text[d.at:end]), 16, 16)
	if err != nil || end-d.at < 4 {
		return 0, errors.New("no four digits after \\u")
	}
	d.at = end
	return rune(n), nil
}
