package bench

// Process names a process beyond doubt. Its number alone would not do: the
// kernel gives numbers out again.
type Process struct {
	PID   int
	Start uint64 // clock ticks from the boot to the start of the process: field 22 of /proc/PID/stat
}
