package main

import (
	"math/bits"
	"strconv"
)

// random is a small generator of pseudo-random numbers (splitmix64). The
// standard library's may change from one Go version to the next; the plans must
// not.
type random struct{ state uint64 }

// newRandom seeds a generator with a name.
func newRandom(name string) *random {
	r := &random{state: 0x9e3779b97f4a7c15}
	for _, c := range []byte(name) {
		r.state = r.next() ^ uint64(c)
	}
	return r
}

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below gives a number from 0 to n-1.
func (r *random) below(n int) int {
	high, _ := bits.Mul64(r.next(), uint64(n))
	return int(high)
}

// between gives a number from low to high, both included.
func (r *random) between(low, high int) int { return low + r.below(high-low+1) }

// chance is true once in n times.
func (r *random) chance(n int) bool { return r.below(n) == 0 }

// pick gives one of a list.
func (r *random) pick(list []string) string { return list[r.below(len(list))] }

// digits gives n decimal digits, the first of which is not 0.
func (r *random) digits(n int) string {
	b := []byte{byte('1' + r.below(9))}
	for len(b) < n {
		b = append(b, byte('0'+r.below(10)))
	}
	return string(b)
}

// hex gives n hexadecimal digits.
func (r *random) hex(n int) string {
	const alphabet = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.below(16)]
	}
	return string(b)
}

// number gives a JSON number of any kind, in the shares that make a parser use
// all of its ways: most doubles short, some with an exponent, a few with all
// the digits that a double has.
func (r *random) number() string {
	sign := ""
	if r.chance(4) {
		sign = "-"
	}
	switch n := r.below(100); {
	case n < 20:
		return sign + r.digits(r.between(1, 6))
	case n < 72:
		return sign + r.digits(r.between(1, 6)) + "." + r.digits(r.between(1, 3))
	case n < 84:
		return sign + "0." + strconv.Itoa(r.below(10)) + r.digits(r.between(3, 12))
	case n < 90:
		return sign + r.digits(1) + "." + r.digits(r.between(15, 16))
	case n < 93:
		return sign + r.digits(1) + "." + r.digits(r.between(1, 6)) + "e" + r.pick([]string{"", "+", "-"}) + r.digits(r.between(1, 2))
	case n < 95:
		return sign + r.digits(r.between(1, 3)) + "E" + r.pick([]string{"", "-"}) + r.digits(1)
	case n < 97:
		return sign + "92233720368547" + r.digits(5) // about 2^63, on both sides
	case n < 99:
		return "0"
	}
	return "-0"
}

// boolean gives true, false or, rarely, null.
func (r *random) boolean() string {
	return r.pick([]string{"true", "false", "true", "false", "null"})
}
