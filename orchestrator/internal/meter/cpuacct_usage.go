package meter

import "time"

// cpuacctUsage reads cpuacct.usage of a version 1 group: the CPU that its
// processes used, those that have ended included.
func (fs FS) cpuacctUsage(c Cgroup) (time.Duration, error) {
	n, err := parse(fs, fs.dir(c.Cpuacct, "cpuacct")+"/cpuacct.usage", single)
	return time.Duration(n), err
}
