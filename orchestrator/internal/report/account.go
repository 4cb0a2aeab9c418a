package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

const (
	accountLimit = 0.05          // of the larger of the two amounts
	accountFloor = 4 * bench.MiB // and at least this
)

// account is A at a phase edge beside the kernel's own account.
type account struct {
	edge    bench.Edge
	round   int
	kernel  bench.Bytes // by the kernel's account
	charged bool        // by the cgroup's charge, not by a page walk
}

// over is by how much A exceeds the kernel's account.
func (a account) over() bench.Bytes { return a.edge.Resident() - a.kernel }

// held holds A of an edge against what the kernel charges the cgroup, or where
// there is none of its own, against the page walk that divides shared pages.
func held(e bench.Edge, round int) (a account, differ bool) {
	a = account{edge: e, round: round, kernel: e.Charged, charged: true}
	if e.Charged == 0 {
		a.kernel, a.charged = e.Proportional, false
	}
	larger := max(a.kernel, e.Resident())
	over := max(a.over(), -a.over())
	return a, a.kernel > 0 && over > accountFloor && float64(over) > accountLimit*float64(larger)
}

// charge says how far A was off what the kernel charges; "" where no cgroup told.
func (r *Report) charge() string {
	var most bench.Bytes
	read := false
	for _, row := range r.Rows {
		for _, t := range row.trials {
			for _, e := range t.Edges {
				if a, _ := held(e, t.Round); a.charged {
					read, most = true, max(most, a.over(), -a.over())
				}
			}
		}
	}
	if !read {
		return ""
	}
	return fmt.Sprintf("%s off the cgroup's charge", mebibytes(float64(most)))
}

// touched lists the columns whose figures an edge stands beside.
func touched(edge string) []string {
	switch {
	case strings.HasPrefix(edge, "batch "):
		return []string{ColPeak, ColSteady}
	case strings.HasPrefix(edge, "end of idle"):
		return []string{ColIdle}
	}
	return MemoryColumns()
}

func (r *Report) noteUncounted() {
	for _, row := range r.Rows {
		var worst account
		var columns []string
		for _, t := range row.trials {
			for _, e := range t.Edges {
				a, differ := held(e, t.Round)
				if !differ {
					continue
				}
				if max(a.over(), -a.over()) > max(worst.over(), -worst.over()) {
					worst = a
				}
				for _, c := range touched(e.Name) {
					if !slices.Contains(columns, c) {
						columns = append(columns, c)
					}
				}
			}
		}
		if len(columns) > 0 {
			r.note(CodeUncounted, worst.text(row.Name(), r.Rounds), columns, row)
		}
	}
}

// text says who counts more than whom.
func (a account) text(variant string, rounds int) string {
	where := a.edge.Name
	if rounds > 1 {
		where = fmt.Sprintf("round %d, %s", a.round, where)
	}
	kernel, resident := float64(a.kernel), float64(a.edge.Resident())
	more := mebibytes(max(kernel-resident, resident-kernel))
	switch {
	case a.over() < 0 && a.charged:
		return fmt.Sprintf("the kernel charges %s's cgroup %s more than its figures count (%s: %s against %s)",
			variant, more, where, mebibytes(kernel), mebibytes(resident))
	case a.over() < 0:
		return fmt.Sprintf("a page walk finds %s more in %s than its figures count (%s: %s against %s)",
			more, variant, where, mebibytes(kernel), mebibytes(resident))
	}
	than := "than the kernel charges its cgroup"
	if !a.charged {
		than = "than a page walk that divides shared pages"
	}
	count := "count"
	if a.edge.Processes > 1 {
		count = "count pages more than once, because several processes share them:"
	}
	return fmt.Sprintf("the figures of %s %s %s more %s (%s: %s against %s)", variant, count, more, than, where, mebibytes(resident), mebibytes(kernel))
}
