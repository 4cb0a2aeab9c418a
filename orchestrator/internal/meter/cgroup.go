package meter

import (
	"bytes"
	"strings"
)

// Cgroup is what /proc/PID/cgroup says: the group that a process is in, by
// controller. Paths count from the root of the hierarchy; empty means that
// there is none.
type Cgroup struct {
	Cpuacct     string // version 1
	Controllers string // with which cpuacct is mounted together, such as "cpu,cpuacct"
	Memory      string // version 1
	Unified     string // version 2
}

// Cgroup reads /proc/PID/cgroup.
func (fs FS) Cgroup(pid int) (Cgroup, error) {
	return parse(fs, ofPID(pid, "cgroup"), parseCgroup)
}

// ownCgroup is the group that we are in ourselves.
func (fs FS) ownCgroup() (Cgroup, error) {
	return parse(fs, "proc/self/cgroup", parseCgroup)
}

func parseCgroup(b []byte) (Cgroup, error) {
	var c Cgroup
	for line := 1; len(b) > 0; line++ {
		var text []byte
		text, b = cutLine(b)
		_, rest, ok1 := bytes.Cut(text, []byte(":"))
		controllers, path, ok2 := bytes.Cut(rest, []byte(":"))
		if !ok1 || !ok2 || len(path) == 0 || path[0] != '/' {
			return c, &parseError{line, "not a hierarchy, its controllers and a path"}
		}
		if len(controllers) == 0 {
			c.Unified = string(path)
		}
		for name := range strings.SplitSeq(string(controllers), ",") {
			switch name {
			case "cpuacct":
				c.Cpuacct, c.Controllers = string(path), string(controllers)
			case "memory":
				c.Memory = string(path)
			}
		}
	}
	return c, nil
}

// apart says whether path is a group that holds the process and its like
// alone: not the root, and not the one that we are in. A path outside of our
// own view of the hierarchy cannot be read.
func apart(path, ours string) bool {
	return path != "" && path != "/" && path != ours && !strings.Contains(path, "..")
}

// unified gives the directory of a version 2 group, which in a mixed setup is
// mounted one level down.
func (fs FS) unified(path string) string {
	if fs.exists("sys/fs/cgroup/cgroup.controllers") {
		return "sys/fs/cgroup" + path
	}
	return "sys/fs/cgroup/unified" + path
}
