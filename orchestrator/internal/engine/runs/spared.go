package runs

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// Belonging is a thing that an engine made for somebody.
type Belonging struct {
	Owner string    // as Owner.String wrote it
	Run   string    // the run's id; empty: it is not written there
	Made  time.Time // zero: not known
}

// Owners are those whose belongings a clean-up meets. Each is judged once, and
// what was spared for whom is remembered.
type Owners struct {
	Engine string // where they are met, as --engine has it

	known  map[string]Verdict
	spared []Belonging // one for each owner
}

// Life says whether a belonging's owner is there.
func (o *Owners) Life(b Belonging) Life { return o.verdict(b.Owner).Life }

func (o *Owners) verdict(owner string) Verdict {
	v, known := o.known[owner]
	if !known {
		v = Judge(owner)
		if o.known == nil {
			o.known = map[string]Verdict{}
		}
		o.known[owner] = v
	}
	return v
}

// Spare remembers that something was left alone, for its owner is not known to
// be dead.
func (o *Owners) Spare(b Belonging) {
	if o.Life(b) == Dead {
		return
	}
	i := slices.IndexFunc(o.spared, func(s Belonging) bool { return s.Owner == b.Owner })
	if i < 0 {
		o.spared = append(o.spared, b)
		return
	}
	s := &o.spared[i]
	if s.Run == "" {
		s.Run = b.Run
	}
	if s.Made.IsZero() || !b.Made.IsZero() && b.Made.Before(s.Made) {
		s.Made = b.Made
	}
}

// Spared tells what was left alone and why, a line for each owner.
func (o *Owners) Spared(now time.Time) []string {
	return o.lines(now, func(Life) bool { return true })
}

// Doubtful tells the same of the owners alone of whom nothing certain is known.
func (o *Owners) Doubtful(now time.Time) []string {
	return o.lines(now, func(l Life) bool { return l == Unknown })
}

func (o *Owners) lines(now time.Time, match func(Life) bool) []string {
	var lines []string
	for _, b := range o.spared {
		v := o.verdict(b.Owner)
		if !match(v.Life) {
			continue
		}
		line := b.name()
		if !b.Made.IsZero() {
			line += ", " + age(now.Sub(b.Made)) + " old"
		}
		line += ": " + v.Why
		if v.Life == Unknown {
			line += "; clean --engine " + o.Engine + " --force removes it"
		}
		lines = append(lines, line)
	}
	return lines
}

// Busy is an error with advice while something was spared: what runs share is
// not to be taken away then.
func (o *Owners) Busy() error {
	if len(o.spared) == 0 {
		return nil
	}
	// One that is certainly there is the better reason.
	i := max(0, slices.IndexFunc(o.spared, func(b Belonging) bool { return o.Life(b) == Alive }))
	still := "is still running"
	if o.Life(o.spared[i]) == Unknown {
		still = "may still be running"
	}
	return &hint.Error{
		Err:    fmt.Errorf("%s %s: it and all images stay", o.spared[i].name(), still),
		Advice: "wait until it ends, or use --force",
	}
}

// name is what people call a run.
func (b Belonging) name() string {
	if b.Run != "" {
		return "run " + b.Run
	}
	if owner, err := ParseOwner(b.Owner); err == nil {
		return "the run of process " + strconv.Itoa(owner.PID)
	}
	return "a run"
}

// age is a time that has passed, in its largest unit.
func age(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return strconv.Itoa(int(max(d, 0)/time.Second)) + " s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + " days"
}
