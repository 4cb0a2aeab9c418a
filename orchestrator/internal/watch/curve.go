package watch

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// mostSteps is how many steps a curve has: more than a screen tells apart.
const mostSteps = 400

// latest is the longest that a trial may take: a file may say anything.
const latest = 1000 * 24 * time.Hour

// Curve holds memory over time in few numbers, and every peak: the lowest and the
// highest reading of each step. A step takes a second at first; when there are too
// many, two become one.
type Curve struct {
	step  time.Duration
	steps []Span
}

// Span is the lowest and the highest reading within a step.
type Span struct {
	Low, High bench.Bytes
	Any       bool // there was a reading
}

// Step gives how long a step takes.
func (c *Curve) Step() time.Duration { return max(c.step, time.Second) }

// Spans lists the steps from the offset 0 on. They must not be changed.
func (c *Curve) Spans() []Span { return c.steps }

// Add takes in a reading at an offset.
func (c *Curve) Add(at time.Duration, memory bench.Bytes) {
	if at < 0 || at > latest {
		return
	}
	for c.step = c.Step(); at >= c.step*mostSteps; {
		c.halve()
	}
	i := int(at / c.step)
	for len(c.steps) <= i {
		c.steps = append(c.steps, Span{})
	}
	c.steps[i] = c.steps[i].with(Span{memory, memory, true})
}

// halve makes one step of two.
func (c *Curve) halve() {
	c.step *= 2
	half := c.steps[:0]
	for i := 0; i < len(c.steps); i += 2 {
		both := c.steps[i]
		if i+1 < len(c.steps) {
			both = both.with(c.steps[i+1])
		}
		half = append(half, both)
	}
	c.steps = half
}

// with gives what both spans have.
func (s Span) with(other Span) Span {
	switch {
	case !other.Any:
		return s
	case !s.Any:
		return other
	}
	return Span{min(s.Low, other.Low), max(s.High, other.High), true}
}

// Length gives the offset up to which there are steps.
func (c *Curve) Length() time.Duration { return time.Duration(len(c.steps)) * c.Step() }
