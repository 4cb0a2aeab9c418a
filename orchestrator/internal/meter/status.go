package meter

import "github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"

// Status is what /proc/PID/status says. A process that has ended and was not
// yet waited for has a State and no memory.
type Status struct {
	State    byte        // R running, S sleeping, D waiting for a disk, T stopped, Z ended ...
	VmHWM    bench.Bytes // the most that RssAnon, RssFile and RssShmem were together since the start, or since it was reset
	RssAnon  bench.Bytes // heap, stacks: what no file holds
	RssFile  bench.Bytes // code and mapped files
	RssShmem bench.Bytes // memory that can be shared, as far as it is mapped: memfd, tmpfs, System V
	VmSwap   bench.Bytes
	// HugetlbPages are pages of the pool of huge pages, which the three leave out.
	HugetlbPages bench.Bytes
	Threads      int
}

// Status reads /proc/PID/status of whoever has the number now.
func (fs FS) Status(pid int) (Status, error) {
	return parse(fs, ofPID(pid, "status"), parseStatus)
}

// Ended says whether the process has given its memory back for good.
func (s Status) Ended() bool { return s.State == 'Z' || s.State == 'X' }

func parseStatus(b []byte) (Status, error) {
	var s Status
	for line := 1; len(b) > 0; line++ {
		var text []byte
		text, b = cutLine(b)
		key, value := cutKey(text)
		ok := true
		switch string(key) {
		case "State":
			if ok = len(value) > 0; ok {
				s.State = value[0]
			}
		case "VmHWM":
			s.VmHWM, ok = kilobytes(value)
		case "RssAnon":
			s.RssAnon, ok = kilobytes(value)
		case "RssFile":
			s.RssFile, ok = kilobytes(value)
		case "RssShmem":
			s.RssShmem, ok = kilobytes(value)
		case "VmSwap":
			s.VmSwap, ok = kilobytes(value)
		case "HugetlbPages":
			s.HugetlbPages, ok = kilobytes(value)
		case "Threads":
			var n int64
			n, ok = number(value)
			s.Threads = int(n)
		}
		if !ok {
			return s, &parseError{line, string(key) + " is not as expected"}
		}
		if s.Threads > 0 {
			return s, nil // signals, capabilities and masks follow
		}
	}
	return s, &parseError{1, "no Threads"}
}
