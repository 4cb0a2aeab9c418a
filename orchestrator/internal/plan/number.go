package plan

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// digitsOf takes an integer apart as YAML 1.2 writes one: a sign, the base and
// the digits. ok says that it is one, of any size. Whether each character is a
// digit is looked at here, for strconv gives up on a long number before it has
// seen the end of it: 18446744073709551616.0 would be an integer out of range.
func digitsOf(s string) (digits string, base int, negative, ok bool) {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		negative, s = s[0] == '-', s[1:]
	}
	base = 10
	switch {
	case strings.HasPrefix(s, "0x"):
		base = 16
	case strings.HasPrefix(s, "0o"):
		base = 8
	case strings.HasPrefix(s, "0b"):
		base = 2
	case len(s) > 1 && s[0] == '0':
		return "", 0, false, false // text: a ZIP code or a telephone number
	}
	if base != 10 {
		s = s[2:]
	}
	return s, base, negative, s != "" && strings.Trim(s, "0123456789abcdefABCDEF"[:digitChars(base)]) == ""
}

// digitChars is how many characters of both cases are digits of a base.
func digitChars(base int) int {
	if base == 16 {
		return 22
	}
	return base
}

// integer reads an integer of 64 bits, with or without a sign. The error is
// strconv.ErrSyntax of what is no integer, and strconv.ErrRange of a larger one.
func integer(s string) (magnitude uint64, negative bool, err error) {
	digits, base, negative, ok := digitsOf(s)
	if !ok {
		return 0, false, strconv.ErrSyntax
	}
	magnitude, err = strconv.ParseUint(digits, base, 64)
	if err != nil || negative && magnitude > -math.MinInt64 {
		return 0, false, strconv.ErrRange
	}
	return magnitude, negative, nil
}

// huge says whether s is an integer that drill gives up on: beyond 64 bits, but
// not beyond the 128 up to which its parser looks for one. Still larger ones are
// integers no more to it.
func huge(s string) bool {
	digits, base, negative, ok := digitsOf(s)
	digits = strings.TrimLeft(digits, "0")
	if !ok || len(digits) > 128 {
		return false
	}
	n, isNumber := new(big.Int).SetString(digits, base)
	switch {
	case !isNumber:
		return false
	case negative:
		return n.Cmp(new(big.Int).Lsh(big.NewInt(1), 63)) > 0 && n.Cmp(new(big.Int).Lsh(big.NewInt(1), 127)) <= 0
	}
	return n.BitLen() > 64 && n.BitLen() <= 128
}

// tooLong says whether s is written as an integer, but is beyond even those.
func tooLong(s string) bool {
	_, _, err := integer(s)
	return err == strconv.ErrRange && !huge(s)
}

// decimalFloat reads a floating-point number of decimal digits, and none of the
// other things that strconv takes for one. The error is strconv.ErrSyntax, or
// strconv.ErrRange of what is too large: then f is an infinity.
func decimalFloat(s string) (f float64, err error) {
	if strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, strconv.ErrSyntax
	}
	f, err = strconv.ParseFloat(s, 64)
	switch {
	case err == nil:
		return f, nil
	case math.IsInf(f, 0):
		return f, strconv.ErrRange
	}
	return 0, strconv.ErrSyntax
}

// isFloat says whether s is a floating-point number to drill, all by itself or
// because a tag says so. What is too large to be one is not infinite, but text.
func isFloat(s string) bool {
	switch s {
	case ".nan", ".NaN", ".NAN":
		return true
	}
	switch strings.TrimPrefix(s, "+") {
	case ".inf", ".Inf", ".INF", "-.inf", "-.Inf", "-.INF":
		return !strings.HasPrefix(s, "+-")
	}
	_, err := decimalFloat(s)
	return err == nil
}

// float reads what is an integer or a floating-point number.
func float(s string) float64 {
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case ".inf":
		if s[0] == '-' {
			return math.Inf(-1)
		}
		return math.Inf(1)
	case ".nan":
		return math.NaN()
	}
	if magnitude, negative, err := integer(s); err == nil {
		if negative {
			return -float64(magnitude)
		}
		return float64(magnitude)
	}
	f, _ := decimalFloat(s)
	return f
}
