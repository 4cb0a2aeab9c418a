package load

import (
	"fmt"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// keptFiles are those that a run has open beside its connections.
const keptFiles = 64

// FitFiles lowers the iterations in flight to the connections that the process
// may have open, and says so in notes; none: they fit.
func FitFiles(p *plan.Plan) (fitted *plan.Plan, notes []string) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return p, nil
	}
	return fitFiles(p, limit.Cur)
}

func fitFiles(p *plan.Plan, limit uint64) (*plan.Plan, []string) {
	if limit <= 2*keptFiles {
		return p, nil
	}
	most := int(min(limit-keptFiles, 1<<30))
	if p.Concurrency <= most {
		return p, nil
	}
	note := fmt.Sprintf("concurrency %d is lowered to %d: the process may open only %d files (ulimit -n)", p.Concurrency, most, limit)
	return p.WithLoad(0, most), []string{note}
}
