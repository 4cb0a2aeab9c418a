package variant

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// compare holds the value of a setting against what was read back.
func (a Asked) compare(s sought, k Knob) error {
	has, told := a.Read[k.Read]
	if !told {
		return hint.With(fmt.Errorf("%s did not take: %s does not have %s, as it was built", s.text, a.title(), k.Read), "leave it out")
	}
	want, err := a.meant(s, k)
	switch {
	case err != nil:
		return hint.With(fmt.Errorf("%s did not take: %s has %s", s.text, a.title(), has), err.Error())
	case !alike(want, has):
		return hint.With(fmt.Errorf("%s did not take: %s has %s", s.text, a.title(), has), "check the value, and what the variant's log says of it")
	}
	return nil
}

// alike says whether two values are one: the same text, or the same number in
// whatever base.
func alike(want, has string) bool {
	if want == has {
		return true
	}
	x, errX := strconv.ParseInt(want, 0, 64)
	y, errY := strconv.ParseInt(has, 0, 64)
	if errX == nil && errY == nil {
		return x == y
	}
	p, errP := strconv.ParseUint(want, 0, 64)
	q, errQ := strconv.ParseUint(has, 0, 64)
	if errP == nil && errQ == nil {
		return p == q
	}
	f, errF := strconv.ParseFloat(want, 64)
	g, errG := strconv.ParseFloat(has, 64)
	return errF == nil && errG == nil && f == g
}

// meant gives a value as the allocator writes it when it has understood it. The
// error is what is wrong with it, as advice.
func (a Asked) meant(s sought, k Knob) (string, error) {
	switch {
	case s.key == "lg_tcache_max":
		power, err := strconv.ParseUint(s.value, 10, 6)
		if err != nil {
			return "", errors.New("give a power of 2, such as 15")
		}
		return strconv.FormatUint(1<<power, 10), nil
	case a.Allocator == "mimalloc":
		return mimallocValue(s.value, k.Unit), nil
	case k.Read == "tcmalloc.aggressive_memory_decommit":
		return digit(s.value == "" || strings.ContainsRune("tTyY1", rune(s.value[0]))), nil
	case a.Allocator == "glibc":
		if _, err := strconv.ParseInt(s.value, 0, 64); err != nil {
			if bytes, ok := withUnit(s.value); ok {
				return "", fmt.Errorf("glibc knows no units: write %d", bytes)
			}
		}
	}
	return s.value, nil
}

func digit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// mimallocValue gives a value as mi_option_get has it: words are 0 or 1, and sizes
// count in unit bytes, rounded up, where that is not 0.
func mimallocValue(value string, unit int) string {
	upper := strings.ToUpper(value)
	switch {
	case slices.Contains([]string{"", "1", "TRUE", "YES", "ON"}, upper) && unit == 0:
		return "1"
	case slices.Contains([]string{"0", "FALSE", "NO", "OFF"}, upper):
		return "0"
	}
	if unit == 0 {
		return value
	}
	bytes, ok := withUnit(value)
	if !ok {
		return value
	}
	return strconv.FormatUint((bytes+uint64(unit)-1)/uint64(unit), 10)
}

// withUnit reads a number of bytes such as 65536, 64k, 64K, 64KiB or 1G.
func withUnit(text string) (bytes uint64, ok bool) {
	digits := strings.TrimRightFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.ParseUint(digits, 10, 40)
	shift, known := map[string]uint{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text[len(digits):]), "B"), "I")]
	if err != nil || !known || n > 1<<63>>shift {
		return 0, false
	}
	return n << shift, true
}
