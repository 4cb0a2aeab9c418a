package load

import (
	"context"
	"fmt"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// Run sends the plan to the target, iteration by iteration, and measures the
// answers. It returns when all its goroutines have ended. The error is about
// a plan or target that cannot be sent at all: then nothing was. Requests
// that fail are counted in the Result, and a context that ends early is no
// error either: the Result then holds what was done until it did, and says
// Interrupted.
func Run(ctx context.Context, p *plan.Plan, target Target, opt Options) (Result, error) {
	w := work{concurrency: p.Concurrency, iterations: p.Iterations, rampup: p.Rampup}
	host := "localhost"
	if target.Network == "tcp" {
		host = target.Address
	}
	for _, r := range p.Requests() {
		headers := make([]header, len(r.Headers))
		for i, h := range r.Headers {
			headers[i] = header{h.Name, h.Value.String()}
		}
		req, err := render(r.Method, r.Address, host, headers, r.Body.Bytes)
		if err != nil {
			return Result{}, fmt.Errorf("request %q: %w", r.Name, err)
		}
		w.requests = append(w.requests, req)
	}
	if err := w.check(target); err != nil {
		return Result{}, err
	}
	return run(ctx, w, target, opt, dialNet), nil
}
