package meter

import (
	"math"
	"time"
)

// cpuStat reads usage_usec in cpu.stat of a version 2 group: the CPU that its
// processes used, those that have ended included.
func (fs FS) cpuStat(c Cgroup) (time.Duration, error) {
	return parse(fs, fs.unified(c.Unified)+"/cpu.stat", parseCPUStat)
}

func parseCPUStat(b []byte) (time.Duration, error) {
	n, err := keyed(b, "usage_usec")
	if n > math.MaxInt64/int64(time.Microsecond) {
		return 0, &parseError{1, "usage_usec is too large"}
	}
	return time.Duration(n) * time.Microsecond, err
}
