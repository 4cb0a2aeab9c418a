package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// lostValue finds an option that took the option behind it for its value, as in
// --report --stats. A value that does begin with a dash is joined on with "=".
func lostValue(f *pflag.FlagSet, args []string) error {
	for i, arg := range args {
		if arg == "--" {
			return nil
		}
		flag := lastFlag(f, arg)
		if flag == nil || flag.NoOptDefVal != "" || i+1 == len(args) {
			continue
		}
		if next := args[i+1]; len(next) > 1 && next[0] == '-' {
			return hint.Mistake(fmt.Sprintf("--%s needs a value, and %s is an option", flag.Name, next), fmt.Sprintf("if it is meant, write --%s=%s", flag.Name, next))
		}
	}
	return nil
}

// lastFlag gives the flag whose value, if it takes one, is the next argument.
func lastFlag(f *pflag.FlagSet, arg string) *pflag.Flag {
	name, long := strings.CutPrefix(arg, "--")
	if long {
		return f.Lookup(name) // nil also for name=value
	}
	if len(arg) < 2 || arg[0] != '-' {
		return nil
	}
	for i := 1; i < len(arg); i++ {
		flag := f.ShorthandLookup(arg[i : i+1])
		if flag == nil || flag.NoOptDefVal == "" && i+1 < len(arg) {
			return nil // unknown, or the rest is its value
		}
		if i+1 == len(arg) {
			return flag
		}
	}
	return nil
}

// once is a flag that may be given once only: of two, one would be lost.
type once struct {
	pflag.Value
	set bool
}

// Set implements pflag.Value.
func (o *once) Set(text string) error {
	if o.set {
		return errors.New("it is given more than once")
	}
	o.set = true
	return o.Value.Set(text)
}

// timeout is a number of whole seconds.
type timeout time.Duration

func (t *timeout) String() string { return strconv.Itoa(int(time.Duration(*t) / time.Second)) }
func (t *timeout) Type() string   { return "seconds" }

// Set implements pflag.Value. No time at all is possible, too: then nothing is
// in time.
func (t *timeout) Set(text string) error {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, 64)
	if err != nil {
		return errors.New("it must be a whole number of seconds")
	}
	*t = timeout(min(n, uint64(math.MaxInt64/time.Second)) * uint64(time.Second))
	return nil
}

// limit gives the timeout as load takes it.
func (t *timeout) limit() time.Duration { return max(time.Duration(*t), 1) }

// milliseconds is a threshold.
type milliseconds float64

func (m *milliseconds) String() string {
	if *m == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*m), 'f', -1, 64)
}
func (m *milliseconds) Type() string { return "milliseconds" }

// Set implements pflag.Value.
func (m *milliseconds) Set(text string) error {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || strings.ContainsAny(text, "_xX") {
		return errors.New("it must be a number of milliseconds")
	}
	*m = milliseconds(value)
	return nil
}

// count is a number above 0.
type count int

func (c *count) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.Itoa(int(*c))
}
func (c *count) Type() string { return "number" }

// Set implements pflag.Value.
func (c *count) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return errors.New("it must be a whole number above 0")
	}
	*c = count(n)
	return nil
}

// period is a time above 0; a bare number is in seconds.
type period time.Duration

func (p *period) String() string {
	if *p == 0 {
		return ""
	}
	return time.Duration(*p).String()
}
func (p *period) Type() string { return "time" }

// Set implements pflag.Value.
func (p *period) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	if err != nil || d <= 0 {
		return errors.New("it must be a time above 0 such as 30s or 5m")
	}
	*p = period(d)
	return nil
}

// frequency is a number of starts a second.
type frequency float64

func (r *frequency) String() string {
	if *r == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*r), 'f', -1, 64) + "/s"
}
func (r *frequency) Type() string { return "rate" }

// Set implements pflag.Value.
func (r *frequency) Set(text string) error {
	perSecond, err := plan.ParseRate(text)
	if err != nil {
		return fmt.Errorf("it %w", err)
	}
	*r = frequency(perSecond)
	return nil
}
