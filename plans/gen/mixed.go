package main

import (
	"strconv"
	"strings"
)

// mixed writes a body of shapes that the events do not have: objects of 1 to 40
// keys, deep nesting, empty and very long strings, empty containers, long arrays
// of numbers, keys that share a beginning or are not ASCII.
func mixed(r *random) string {
	w := writer{}
	payload := []member{
		{"wide", wide(r, w)},
		{"deep", deep(r, w, 10)},
		{"numbers", numbers(r, 2400)},
		{"matrix", matrix(r, 12, 40)},
		{"texts", texts(r)},
		{"prefixes", prefixes(r, w)},
		{"empty", `[{},[],"",[[]],[{}],{"":""},[null,null],{"a":{},"b":[]}]`},
		{"Straße", `{"größe":1,"名前":"ねこ","ключ":"значение","🗝":"\ud83d\udddd","é":"\u00e9","\u0065\u0301":"e\u0301"}`},
		{"rest", irregular(r, w, 33_000)},
	}
	return w.object([]member{{"payload", w.object(payload)}})
}

// wide gives one object of each size from 1 to 40 keys.
func wide(r *random, w writer) string {
	var values []string
	for size := 1; size <= 40; size++ {
		var members []member
		for i := range size {
			key := r.pick(tagWords) + strings.Repeat("_", i%3) + strconv.Itoa(i)
			members = append(members, member{key, scalar(r, w)})
		}
		values = append(values, w.object(members))
	}
	return array(values)
}

// deep nests objects and arrays in turn, with something beside each step.
func deep(r *random, w writer, levels int) string {
	if levels == 0 {
		return `"bottom"`
	}
	inner := deep(r, w, levels-1)
	if levels%2 == 0 {
		return array([]string{scalar(r, w), inner, r.number()})
	}
	return w.object([]member{{"level", strconv.Itoa(levels)}, {"down", inner}, {"note", scalar(r, w)}})
}

// numbers gives an array of count numbers of all kinds.
func numbers(r *random, count int) string {
	values := []string{
		"0", "-0", "0.0", "-0.0", "1e308", "-1e308", "5e-324", "2.2250738585072014e-308", "1.7976931348623157e308",
		"9007199254740993", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "123456789012345678901234567890",
		"0.1", "0.30000000000000004", "1E5", "1e+5", "1e-5", "100000000000000000000.5",
	}
	for len(values) < count {
		values = append(values, r.number())
	}
	return array(values)
}

// matrix gives arrays of numbers in an array.
func matrix(r *random, rows, columns int) string {
	var lines []string
	for range rows {
		var line []string
		for range columns {
			line = append(line, r.number())
		}
		lines = append(lines, array(line))
	}
	return array(lines)
}

// texts gives strings around every power of two up to 8 KiB, in both ways of
// writing.
func texts(r *random) string {
	values := []string{`""`, `"\u0000"`, `"\b\f\n\r\t\"\\\/"`, `"\ud83d\ude80 🚀"`}
	for size := 8; size <= 8192; size *= 2 {
		for _, w := range []writer{{}, {ascii: true, slashes: true}} {
			values = append(values, w.quote(prose(r, w, size)))
		}
	}
	return array(values)
}

// prefixes gives an object whose keys are beginnings of each other, longest
// first.
func prefixes(r *random, w writer) string {
	const longest = "customer_billing_address_line_two_suffix"
	var members []member
	for n := len(longest); n > 0; n-- {
		members = append(members, member{longest[:n], scalar(r, w)})
	}
	return w.object(members)
}

// irregular gives trees of random shape, of about size bytes together.
func irregular(r *random, w writer, size int) string {
	var values []string
	for size > 0 {
		v := tree(r, w, 8)
		size -= len(v)
		values = append(values, v)
	}
	return array(values)
}

// tree gives a value of at most depth levels.
func tree(r *random, w writer, depth int) string {
	switch n := r.below(10); {
	case depth == 0 || n < 6:
		return scalar(r, w)
	case n < 8:
		var values []string
		for range r.below(6) {
			values = append(values, tree(r, w, depth-1))
		}
		return array(values)
	}
	var members []member
	for i := range r.below(7) {
		members = append(members, member{r.pick(tagWords) + strconv.Itoa(i), tree(r, w, depth-1)})
	}
	return w.object(members)
}

// scalar gives a value that is no container.
func scalar(r *random, w writer) string {
	switch r.below(6) {
	case 0:
		return r.number()
	case 1:
		return r.boolean()
	case 2:
		return w.quote(person(r))
	case 3:
		return w.quote(r.hex(r.between(1, 40)))
	case 4:
		return w.quote(prose(r, w, r.between(10, 90)))
	}
	return w.quote(r.pick(words))
}
