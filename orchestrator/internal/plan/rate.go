package plan

import (
	"errors"
	"math"
	"strings"
)

// ParseRate reads how many iterations start in a second: a number above 0, or
// one of them a second, a minute or an hour, such as 40, 40/s, 2400/m or 0.5.
// The error goes on after "the rate X".
func ParseRate(text string) (perSecond float64, err error) {
	number, unit, given := strings.Cut(text, "/")
	seconds := map[string]float64{"s": 1, "m": 60, "h": 3600}[strings.TrimSpace(unit)]
	switch {
	case !given:
		seconds = 1
	case seconds == 0:
		return 0, errors.New("is not per s, m or h")
	}
	number = strings.TrimSpace(number)
	n, err := decimalFloat(number)
	if isFloat(number) {
		n, err = float(number), nil // .inf and .nan among them
	}
	switch {
	case err != nil && !math.IsInf(n, 0) || math.IsNaN(n):
		return 0, errors.New("is not a number")
	case n <= 0:
		return 0, errors.New("is not above 0")
	case math.IsInf(n, 0) || n/seconds == 0:
		return 0, errors.New("is out of range")
	}
	return n / seconds, nil
}
