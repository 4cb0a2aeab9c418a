package report

import (
	"math"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// Curves are the memory of all variants over time.
type Curves struct {
	Rows   []*Curve      // one per row of the report, in its order
	Length time.Duration // until the end of the longest
	Top    float64       // bytes: the highest reading that any of them shows
}

// Curve is A(t) of one variant: a line and a band over its rounds, and every
// round by itself.
//
// Each variant keeps its own clock, and the picture shows it by that: a phase
// (warm-up, batch, pause, idle) takes the median of its lengths over the
// variant's rounds, and each round is stretched to that, phase by phase. So the
// batches of a variant lie above each other, while those of a slower one take
// longer.
//
// The rounds of the line and the band are those that the row's figures rest on,
// as far as they got to the last batch: trials that ended early and void rounds
// are threads alone. A variant of which no trial came to its end shows those that
// got furthest, and the caption says how many they are. One whose memory is contradicted shows nothing.
type Curve struct {
	Row    *Row
	Rounds int           // that the line and the band are of
	Phases []bench.Phase // by the variant's clock
	Length time.Duration // until its last phase or point
	Line   []Point       // in order of time
	// Threads are all rounds, in the order in which they were run.
	Threads []Thread
}

// Point is a step of a line. The time of a curve is divided into steps of one
// length, longer than that between two readings. Mid is the median over the
// rounds of the median of each round's readings within the step, so that a line
// shows what a variant takes and not how often it was looked at; Lo and Hi are
// the least and the greatest of all readings within it. So the line is below
// short peaks, and the top of the band is the highest reading there is: no peak
// is lost. A round without a reading in a step is there on the straight line
// between its neighbours.
type Point struct {
	At          time.Duration // the middle of the step
	Mid, Lo, Hi float64       // bytes
}

// Thread is A(t) of a single round, by the variant's clock. Of every step of it
// the least and the greatest reading are kept, besides the first and the last of
// all: no peak is lost either.
type Thread struct {
	Round    int
	Counts   bool      // in the line and the band
	Why      string    // it does not, for people
	Highest  float64   // bytes, of its readings
	Readings []Reading // none where its figures contradict each other
}

// Reading is A at a time.
type Reading struct {
	At    time.Duration
	Bytes float64
}

// Curves gives the memory of all variants over time: lines of at most so many
// steps, and threads of as many as given there; 0: none.
func (r *Report) Curves(line, threads int) *Curves {
	c := &Curves{}
	for _, row := range r.Rows {
		curve := r.Curve(row, line, threads)
		c.Rows = append(c.Rows, curve)
		c.Length = max(c.Length, curve.Length)
		c.Top = max(c.Top, curve.Highest())
	}
	return c
}

// Curve is Curves for one row of the report.
func (r *Report) Curve(row *Row, line, threads int) *Curve {
	c := &Curve{Row: row}
	if row.Contradicted != nil {
		return c
	}
	counting := row.whole()
	clock := clockOf(counting)
	c.Rounds, c.Phases = len(counting), clock.phases()
	if n := len(c.Phases); n > 0 {
		c.Length = c.Phases[n-1].End
	}
	c.draw(counting, clock, line)
	if threads <= 0 {
		return c
	}
	for i := range r.Exp.Trials {
		t := &r.Exp.Trials[i]
		if t.Variant != row.Variant {
			continue
		}
		thread := Thread{Round: t.Round, Counts: slices.Contains(counting, t)}
		switch void := r.void[t.Round]; {
		case thread.Counts:
		case void != "":
			thread.Why = "void: " + prose(void, mostPart)
		case t.Error != "":
			thread.Why = prose(t.Error, mostPart)
		default:
			thread.Why = "it did not reach the last batch"
		}
		if row.believes(t) {
			thread.read(clock.of(t).track(t), threads)
		} else {
			thread.Why += "; its memory figures contradict each other"
		}
		if n := len(thread.Readings); n > 0 {
			c.Length = max(c.Length, thread.Readings[n-1].At)
		}
		c.Threads = append(c.Threads, thread)
	}
	return c
}

// Highest is the highest reading that the curve shows, in bytes.
func (c *Curve) Highest() float64 {
	top := 0.0
	for _, p := range c.Line {
		top = max(top, p.Hi)
	}
	for _, t := range c.Threads {
		top = max(top, t.Highest)
	}
	return top
}

// Batches are the phases in which the variant was under load.
func (c *Curve) Batches() []bench.Phase {
	return slices.DeleteFunc(slices.Clone(c.Phases), func(p bench.Phase) bool { return p.Kind != bench.PhaseBatch })
}

// whole lists the trials of a row that got to its last batch, of those that its
// figures rest on.
func (row *Row) whole() []*bench.Trial {
	most := 0
	for _, t := range row.trials {
		most = max(most, t.complete)
	}
	var whole []*bench.Trial
	for _, t := range row.trials {
		if t.complete == most {
			whole = append(whole, t.Trial)
		}
	}
	return whole
}

// draw makes the line and the band.
func (c *Curve) draw(trials []*bench.Trial, clock clock, most int) {
	length, readings := c.Length.Seconds(), 0
	for _, t := range trials {
		readings = max(readings, t.Samples.Len())
		if last, ok := t.Samples.Last(); ok {
			length = max(length, clock.of(t).at(last.At.Seconds()))
		}
	}
	// Steps longer than the time between two readings.
	n := min(most, max(1, readings*2/3))
	if readings == 0 || n <= 0 {
		return
	}
	c.Length = max(c.Length, duration(length))
	step := length / float64(n)
	var all []steps
	for _, t := range trials {
		all = append(all, stepped(clock.of(t).track(t), step, n))
	}
	for i := range n {
		p := Point{At: duration(step * (float64(i) + 0.5)), Lo: math.Inf(1), Hi: math.Inf(-1)}
		var mids []float64
		for _, s := range all {
			if !math.IsNaN(s.mid[i]) {
				mids = append(mids, s.mid[i])
				p.Lo, p.Hi = min(p.Lo, s.lo[i]), max(p.Hi, s.hi[i])
			}
		}
		// Where most rounds have ended, or not begun, a line would jump.
		if len(mids)*2 > len(all) {
			p.Mid = stat.Median(mids)
			c.Line = append(c.Line, p)
		}
	}
}
