package meter

import (
	"bytes"
	"strconv"
	"time"
)

// tick is the unit of times in /proc/PID/stat: 1/100 s on every architecture
// that Go runs on.
const tick = 10 * time.Millisecond

// Stat is what /proc/PID/stat says.
type Stat struct {
	Minflt    int64         // page faults that needed no disk, since the start
	Utime     time.Duration // CPU in user mode, all threads, in steps of 10 ms
	Stime     time.Duration // CPU in the kernel, all threads, in steps of 10 ms
	Starttime time.Duration // from the boot to the start of the process
}

// Stat reads /proc/PID/stat of whoever has the number now.
func (fs FS) Stat(pid int) (Stat, error) {
	return parse(fs, ofPID(pid, "stat"), parseStat)
}

func parseStat(b []byte) (Stat, error) {
	var s Stat
	// The name of the program stands in parentheses, and may hold some.
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return s, &parseError{1, "no name in parentheses"}
	}
	rest := b[i+1:]
	for n := 3; n <= 22; n++ { // numbered as in proc(5)
		var text []byte
		text, rest = cutField(rest)
		ok := true
		switch n {
		case 10:
			s.Minflt, ok = number(text)
		case 14:
			s.Utime, ok = duration(text, tick)
		case 15:
			s.Stime, ok = duration(text, tick)
		case 22:
			s.Starttime, ok = duration(text, tick)
		}
		if !ok {
			return s, &parseError{1, "field " + strconv.Itoa(n) + " is not a number"}
		}
	}
	return s, nil
}

// cutField gives the first word of b and what comes after it.
func cutField(b []byte) (word, rest []byte) {
	b = bytes.TrimLeft(b, " \t\n")
	if i := bytes.IndexAny(b, " \t\n"); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}
