package bench

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is an amount of memory or data in bytes.
type Bytes int64

// Binary multiples.
const (
	KiB Bytes = 1 << (10 * (iota + 1))
	MiB
	GiB
)

// MiB gives b in mebibytes.
func (b Bytes) MiB() float64 { return float64(b) / float64(MiB) }

// units are the suffixes of ParseBytes, longest first. As in Docker's flags,
// "m" and "MB" mean the binary multiple too.
var units = []struct {
	suffix string
	size   Bytes
}{
	{"kib", KiB},
	{"mib", MiB},
	{"gib", GiB},
	{"kb", KiB},
	{"mb", MiB},
	{"gb", GiB},
	{"k", KiB},
	{"m", MiB},
	{"g", GiB},
	{"b", 1},
}

// ParseBytes reads an amount such as "512MiB", "1.5g" or "1048576". Multiples
// are binary. A negative amount, or one beyond int64, is an error.
func ParseBytes(s string) (Bytes, error) {
	number, unit := strings.ToLower(strings.TrimSpace(s)), Bytes(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, unit = strings.TrimSpace(rest), u.size
			break
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f*float64(unit) >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is not an amount of memory such as 512MiB or 2g", s)
	}
	return Bytes(f * float64(unit)), nil
}
