package vars

import (
	"errors"
	"math"
	"strconv"
)

// number reads a number as drill does, which for some floats of many digits or
// a large exponent is not the nearest one: of the digits as many as fit into 64
// bits are taken for an integer, and that is multiplied or divided by the power
// of ten. What a plan sends back of an answer is then the same to the last digit.
func (d *decoder) number() (any, error) {
	negative := d.next() == '-'
	if negative {
		d.at++
	}
	m := mantissa{}
	first := d.next()
	if digits := d.digits(m.add); digits == 0 || digits > 1 && first == '0' {
		return nil, errors.New("no number")
	}
	whole := m.exponent == 0
	if d.next() == '.' {
		d.at++
		whole = false
		if d.digits(m.addFraction) == 0 {
			return nil, errors.New("no digit after the point")
		}
	}
	if d.next() == 'e' || d.next() == 'E' {
		d.at++
		whole = false
		exponent, err := d.exponent()
		if err != nil {
			return nil, err
		}
		m.exponent += exponent
	}
	switch {
	case whole && !negative && m.digits <= math.MaxInt64:
		return int64(m.digits), nil
	case whole && !negative:
		return m.digits, nil
	case whole && m.digits > 0 && m.digits <= 1<<63:
		return -int64(m.digits), nil
	}
	f, err := m.float()
	if negative {
		f = -f
	}
	return f, err
}

// digits hands over a run of digits and counts them.
func (d *decoder) digits(add func(digit uint64)) int {
	start := d.at
	for c := d.next(); c >= '0' && c <= '9'; c = d.next() {
		add(uint64(c - '0'))
		d.at++
	}
	return d.at - start
}

// exponent reads what follows the e. Of very large ones all are the same.
func (d *decoder) exponent() (int, error) {
	negative := d.next() == '-'
	if negative || d.next() == '+' {
		d.at++
	}
	n := 0
	if d.digits(func(digit uint64) { n = min(10*n+int(digit), 1<<30) }) == 0 {
		return 0, errors.New("no digit in the exponent")
	}
	if negative {
		n = -n
	}
	return n, nil
}

// mantissa is a number in the making: digits times ten to the exponent.
type mantissa struct {
	digits   uint64
	exponent int
	full     bool // further digits do not count, but for their places
}

func (m *mantissa) add(digit uint64) {
	if m.take(digit); m.full {
		m.exponent++
	}
}

func (m *mantissa) addFraction(digit uint64) {
	if m.take(digit); !m.full {
		m.exponent--
	}
}

func (m *mantissa) take(digit uint64) {
	if m.full = m.full || m.digits > (math.MaxUint64-digit)/10; !m.full {
		m.digits = 10*m.digits + digit
	}
}

func (m *mantissa) float() (float64, error) {
	f, exponent := float64(m.digits), m.exponent
	for ; f != 0 && exponent < -308; exponent += 308 {
		f /= 1e308
	}
	switch {
	case f == 0:
	case exponent > 308:
		return 0, errRange
	case exponent < 0:
		f /= power(-exponent)
	default:
		f *= power(exponent)
	}
	if math.IsInf(f, 0) {
		return 0, errRange
	}
	return f, nil
}

// power gives the float nearest to ten to the n, for n from 0 to 308.
func power(n int) float64 {
	if n <= 22 {
		return math.Pow10(n) // exact
	}
	f, _ := strconv.ParseFloat("1e"+strconv.Itoa(n), 64)
	return f
}
