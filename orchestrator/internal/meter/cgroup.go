package meter

import (
	"bytes"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Cgroup is what /proc/PID/cgroup says: the group that a process is in, by
// controller.
type Cgroup struct {
	Cpuacct Hierarchy // version 1
	Memory  Hierarchy // version 1
	Hugetlb Hierarchy // version 1
	Unified string    // version 2: a path, as in Hierarchy
}

// Hierarchy is one of version 1.
type Hierarchy struct {
	Controllers string // that are mounted together, such as "cpu,cpuacct"
	Path        string // from the root of the hierarchy; empty: there is none
}

// Cgroup reads /proc/PID/cgroup of whoever has the number now.
func (fs FS) Cgroup(pid int) (Cgroup, error) {
	return parse(fs, ofPID(pid, "cgroup"), parseCgroup)
}

// cgroupOf reads the groups of one process. The error matches ErrEnded once it
// has ended: its path is then the root's, where it never was.
func (fs FS) cgroupOf(p bench.Process) (Cgroup, error) {
	c, err := fs.Cgroup(p.PID)
	if err != nil {
		return Cgroup{}, err
	}
	s, err := fs.Status(p.PID)
	if err == nil && s.Ended() {
		err = ErrEnded
	}
	if err == nil {
		err = fs.still(p)
	}
	if err != nil {
		return Cgroup{}, err
	}
	return c, nil
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
		h := Hierarchy{string(controllers), string(path)}
		for name := range strings.SplitSeq(h.Controllers, ",") {
			switch name {
			case "cpuacct":
				c.Cpuacct = h
			case "memory":
				c.Memory = h
			case "hugetlb":
				c.Hugetlb = h
			}
		}
	}
	return c, nil
}

// apart says whether path is a group that holds the process and its like
// alone: not the root, and none that we are in ourselves, be it deep below. A
// path outside of our own view of the hierarchy cannot be read.
func apart(path, ours string) bool {
	return path != "" && path != "/" && path != ours && !strings.HasPrefix(ours, path+"/") && !strings.Contains(path, "..")
}

// both gives the group that holds two: the part that their paths begin with. A
// process may have been put into a group below its container's, and stands for
// itself alone there.
func both(a, b string) string {
	for !strings.HasPrefix(b+"/", strings.TrimSuffix(a, "/")+"/") {
		a = a[:max(0, strings.LastIndexByte(a, '/'))]
		if a == "" {
			return "/"
		}
	}
	return a
}

// dir gives the directory of a version 1 group for one of its controllers.
// Hierarchies are mounted under the names of all of their controllers, or have
// a link with the name of one.
func (fs FS) dir(h Hierarchy, controller string) string {
	all := "sys/fs/cgroup/" + h.Controllers
	if !fs.exists(all) {
		all = "sys/fs/cgroup/" + controller
	}
	return all + h.Path
}

// unified gives the directory of a version 2 group, which in a mixed setup is
// mounted one level down.
func (fs FS) unified(path string) string {
	if fs.exists("sys/fs/cgroup/cgroup.controllers") {
		return "sys/fs/cgroup" + path
	}
	return "sys/fs/cgroup/unified" + path
}
