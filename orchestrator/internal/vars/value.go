package vars

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"strconv"
)

// AppendValue renders a value behind dst: text as it is, null and what is no
// finite number as nothing, everything else as compact JSON with the keys of
// objects sorted.
func AppendValue(dst []byte, value any) []byte {
	switch v := force(value).(type) {
	case nil:
		return dst
	case string:
		return append(dst, v...)
	case float64:
		if !finite(v) {
			return dst
		}
		return appendFloat(dst, v)
	default:
		return appendJSON(dst, v)
	}
}

func appendJSON(dst []byte, value any) []byte {
	switch v := force(value).(type) {
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case uint64:
		return strconv.AppendUint(dst, v, 10)
	case float64:
		if !finite(v) { // JSON has no such number
			return append(dst, "null"...)
		}
		return appendFloat(dst, v)
	case string:
		return appendQuoted(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e)
		}
		return append(dst, ']')
	case map[string]any:
		dst = append(dst, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendQuoted(dst, key)
			dst = append(dst, ':')
			dst = appendJSON(dst, v[key])
		}
		return append(dst, '}')
	default: // nil, and what Set does not take
		return append(dst, "null"...)
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// appendFloat writes the shortest form that reads back as the same number, with
// a point where it would look like an integer: plainly from 1e-5 up to below
// 1e16, else with an exponent.
func appendFloat(dst []byte, v float64) []byte {
	if abs := math.Abs(v); abs == 0 || abs >= 1e-5 && abs < 1e16 {
		start := len(dst)
		dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
		if bytes.IndexByte(dst[start:], '.') < 0 {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	// Go writes an exponent with a sign and at least two digits.
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'e', -1, 64)
	sign := start + bytes.IndexByte(dst[start:], 'e') + 1
	digits := sign
	if dst[sign] == '-' {
		digits++
	}
	return append(dst[:digits], bytes.TrimLeft(dst[sign+1:], "0")...)
}

// appendQuoted writes a JSON string. Only what must be escaped is.
func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			if c < ' ' {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			} else {
				dst = append(dst, c)
			}
		}
	}
	return append(dst, '"')
}
