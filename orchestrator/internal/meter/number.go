package meter

import (
	"bytes"
	"math"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// number reads a decimal number without sign, up to the largest int64. It does
// not allocate: it runs 20 times a second for every process.
func number(b []byte) (int64, bool) {
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' || n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, len(b) > 0
}

// kilobytes reads "1234 kB".
func kilobytes(b []byte) (bench.Bytes, bool) {
	digits, ok := bytes.CutSuffix(b, []byte(" kB"))
	if !ok {
		return 0, false
	}
	n, ok := number(digits)
	if !ok || n > math.MaxInt64>>10 {
		return 0, false
	}
	return bench.Bytes(n) * bench.KiB, true
}

// duration reads a count of units.
func duration(b []byte, unit time.Duration) (time.Duration, bool) {
	n, ok := number(b)
	if !ok || n > math.MaxInt64/int64(unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// field is a line of a file to be filled in: its key, and where it goes.
type field struct {
	key  string
	into *bench.Bytes
}

// amounts fills in the lines "Key: 12 kB" that fields asks for. The first one
// has to be there.
func amounts(b []byte, fields []field) error {
	found := false
	for line := 1; len(b) > 0; line++ {
		var text []byte
		text, b = cutLine(b)
		key, value := cutKey(text)
		for i, f := range fields {
			if string(key) != f.key {
				continue
			}
			n, ok := kilobytes(value)
			if !ok {
				return &parseError{line, f.key + " is not an amount in kB"}
			}
			*f.into = n
			found = found || i == 0
		}
	}
	if !found {
		return &parseError{1, "no " + fields[0].key}
	}
	return nil
}

// single reads a file that holds one number.
func single(b []byte) (int64, error) {
	n, ok := number(bytes.TrimSpace(b))
	if !ok {
		return 0, &parseError{1, "not a number"}
	}
	return n, nil
}

// keyed reads the number of one key out of lines "key 12".
func keyed(b []byte, key string) (int64, error) {
	for line := 1; len(b) > 0; line++ {
		var text []byte
		text, b = cutLine(b)
		name, value, _ := bytes.Cut(text, []byte(" "))
		if string(name) != key {
			continue
		}
		n, ok := number(value)
		if !ok {
			return 0, &parseError{line, key + " is not a number"}
		}
		return n, nil
	}
	return 0, &parseError{1, "no " + key}
}
