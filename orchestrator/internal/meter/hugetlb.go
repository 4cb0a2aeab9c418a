package meter

import (
	"errors"
	"os"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// hugetlbCharged sums what a container's own group is charged for pages of the
// pool of huge pages, over their sizes: hugetlb.2MB.current in version 2,
// hugetlb.2MB.usage_in_bytes in version 1, where a page may be charged from when
// it is reserved. Where the controller is not there, told is false.
func (fs FS) hugetlbCharged(c Cgroup) (sum bench.Bytes, told bool, err error) {
	var dir, end string
	switch {
	case c.Hugetlb.Path != "":
		dir, end = fs.dir(c.Hugetlb, "hugetlb"), ".usage_in_bytes"
	case c.Unified != "":
		dir, end = fs.unified(c.Unified), ".current"
	default:
		return 0, false, nil
	}
	files, err := os.ReadDir(fs.path(dir))
	if errors.Is(err, os.ErrNotExist) {
		return 0, false, nil // the hierarchy is not mounted, or not there
	}
	if err != nil {
		return 0, false, explain(dir, err)
	}
	for _, f := range files {
		size, ok := strings.CutPrefix(f.Name(), "hugetlb.")
		size, ok2 := strings.CutSuffix(size, end)
		if !ok || !ok2 || strings.Contains(size, ".") { // hugetlb.2MB.rsvd.current counts what is reserved
			continue
		}
		n, err := parse(fs, dir+"/"+f.Name(), single)
		if err != nil {
			return 0, false, err
		}
		sum, told = sum+bench.Bytes(n), true
	}
	return sum, told, nil
}
