package meter

import "github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"

// Stat reads /proc/PID/stat of whoever has the number now.
func (fs FS) Stat(pid int) (proc.Stat, error) {
	return parse(fs, ofPID(pid, "stat"), parseStat)
}

func parseStat(b []byte) (proc.Stat, error) {
	s, err := proc.ParseStat(b)
	if err != nil {
		return s, &parseError{1, err.Error()}
	}
	return s, nil
}
