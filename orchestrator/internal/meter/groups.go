package meter

import (
	"errors"
	"sync"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// groups finds the control groups that a container has to itself.
type groups struct {
	fs FS

	mu     sync.Mutex // guards what follows
	seen   map[bench.Process]bool
	common Cgroup // holds all that were seen
	own    Cgroup // the same; what is not the container's alone is left empty
}

// find gives the control groups that hold the processes and nobody else; where
// there is none, it is empty. A process is looked at once: the members of a
// container do not leave its group. If all have ended, what was found before
// stands, or the error matches ErrEnded.
func (g *groups) find(processes []bench.Process) (Cgroup, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range processes {
		if g.seen[p] {
			continue
		}
		c, err := g.fs.cgroupOf(p)
		if errors.Is(err, ErrEnded) {
			continue
		}
		if err != nil {
			return Cgroup{}, err
		}
		if err := g.add(p, c); err != nil {
			return Cgroup{}, err
		}
	}
	if len(g.seen) == 0 {
		return Cgroup{}, ErrEnded
	}
	return g.own, nil
}

// add widens what holds all by one more process. g.mu is held.
func (g *groups) add(p bench.Process, c Cgroup) error {
	us, err := g.fs.ownCgroup()
	if err != nil {
		return err
	}
	if len(g.seen) == 0 {
		g.seen, g.common = map[bench.Process]bool{}, c
	}
	g.seen[p] = true
	join := func(common *string, path, ours string) string {
		*common = both(*common, path)
		if !apart(*common, ours) {
			return ""
		}
		return *common
	}
	g.own = g.common
	g.own.Cpuacct.Path = join(&g.common.Cpuacct.Path, c.Cpuacct.Path, us.Cpuacct.Path)
	g.own.Memory.Path = join(&g.common.Memory.Path, c.Memory.Path, us.Memory.Path)
	g.own.Hugetlb.Path = join(&g.common.Hugetlb.Path, c.Hugetlb.Path, us.Hugetlb.Path)
	g.own.Unified = join(&g.common.Unified, c.Unified, us.Unified)
	return nil
}

// forget makes find look again: a group that was found is gone.
func (g *groups) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen, g.common, g.own = nil, Cgroup{}, Cgroup{}
}
