package meter

import (
	"bytes"
	"fmt"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// memoryStatSize holds more than any kernel writes.
const memoryStatSize = 8 << 10

// memoryStat is what memory.stat of a group says, the groups below it included.
// The kernel adds up what its CPUs hold back before it tells, unless that is
// less than 64 pages a CPU or so.
type memoryStat struct {
	anon  bench.Bytes // anonymous memory that is mapped; version 1: total_rss
	file  bench.Bytes // page cache, shmem included; version 1: total_cache
	shmem bench.Bytes // files in memory and memory that can be shared, mapped or not; version 1: total_shmem
}

// memoryStatOf names the file of a container's own group, in version 1 or 2;
// empty: it has none.
func (fs FS) memoryStatOf(c Cgroup) string {
	switch {
	case c.Memory.Path != "":
		return fs.dir(c.Memory, "memory") + "/memory.stat"
	case c.Unified != "":
		return fs.unified(c.Unified) + "/memory.stat"
	}
	return ""
}

// parseMemoryStat reads lines "key 12". In version 1 the amounts with the groups
// below, total_rss, come after those without, rss, and take their place.
func parseMemoryStat(b []byte) (memoryStat, error) {
	var s memoryStat
	told := false
	for line := 1; len(b) > 0; line++ {
		var text []byte
		text, b = cutLine(b)
		key, value, _ := bytes.Cut(text, []byte(" "))
		var into *bench.Bytes
		switch string(key) {
		case "anon", "rss", "total_rss":
			into = &s.anon
		case "file", "cache", "total_cache":
			into = &s.file
		case "shmem", "total_shmem":
			into, told = &s.shmem, true
		default:
			continue
		}
		n, ok := number(value)
		if !ok {
			return memoryStat{}, &parseError{line, string(key) + " is not a number"}
		}
		*into = bench.Bytes(n)
	}
	if !told {
		return memoryStat{}, &parseError{1, "no shmem"}
	}
	return s, nil
}

// account is memory.stat of a container's own group, held open.
type account struct{ file *openFile }

// openAccount opens it, and reads it once to see that it tells what is needed.
func (fs FS) openAccount(name string) (*account, error) {
	file, err := fs.open(name, memoryStatSize)
	if err != nil {
		return nil, err
	}
	a := &account{file}
	if _, err := a.read(); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// read reads it. The error matches ErrEnded once the group is gone.
func (a *account) read() (memoryStat, error) {
	b, err := a.file.read()
	if err != nil {
		return memoryStat{}, err
	}
	s, err := parseMemoryStat(b)
	if err != nil {
		return s, fmt.Errorf("%s: %w", a.file.name, err)
	}
	return s, nil
}

func (a *account) close() { _ = a.file.close() /* it was only read */ }
