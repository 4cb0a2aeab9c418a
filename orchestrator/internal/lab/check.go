package lab

import (
	"context"
	"errors"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Checked is a variant that was started once, without a load, to see what it
// runs.
type Checked struct {
	Variant bench.Variant
	Proof   bench.Proof     // as far as it came
	Notes   []bench.Warning // what weakens the proof, such as a knob that cannot be read back
	Err     error           // why it could not be measured; nil: it proved what it promises
	Took    time.Duration   // from its start to its proof
}

// Check starts each variant of the job's design once, one after the other, has
// it prove what it runs, and removes it. Each is told of as soon as that is
// known; one that fails does not stop the others. Nothing of it is recorded. The
// error is one that leaves no variant any hope: the end of ctx, or an instance
// that cannot be removed.
func (l *Lab) Check(ctx context.Context, job Job, tell func(Checked)) error {
	r := &run{Lab: l, job: job}
	for _, v := range job.Design.Variants {
		if v.Name == job.Design.Twin {
			continue // it is the baseline's image
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		checked, err := r.check(ctx, v)
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), err) // and not what it cut short
		}
		tell(checked)
		if err != nil {
			return err
		}
	}
	return nil
}

// check starts one variant and proves it. When it returns, the instance is gone,
// unless the error says that it is not.
func (r *run) check(ctx context.Context, v bench.Variant) (c Checked, unremoved error) {
	c.Variant = v
	began := time.Now()
	defer func() { c.Took = time.Since(began) }()
	if r.image(r.job.Design, v.Name).ID == "" {
		c.Err = r.unready(v.Name)
		return c, nil
	}
	p, err := r.start(ctx, v.Name, 1)
	if err != nil {
		c.Err = err
		return c, nil
	}
	c.Err = r.admit(ctx, p)
	c.Proof, c.Notes = p.proof, p.notes
	if text := r.binaries.odd(r.job.Design, v.Name); text != "" {
		c.Notes = append(c.Notes, bench.Warning{Code: "another-binary", Text: text})
	}
	p.subject.close()
	return c, errors.Join(removeAll(ctx, []*participant{p}), r.failed())
}
