package meter

import "time"

// cpuacctUsage reads cpuacct.usage of a version 1 group: the CPU that its
// processes used, those that have ended included.
func (fs FS) cpuacctUsage(c Cgroup) (time.Duration, error) {
	dir := "sys/fs/cgroup/" + c.Controllers
	if !fs.exists(dir) {
		dir = "sys/fs/cgroup/cpuacct"
	}
	n, err := parse(fs, dir+c.Cpuacct+"/cpuacct.usage", single)
	return time.Duration(n), err
}
