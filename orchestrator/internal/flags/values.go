package flags

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// Choice is one of a few words.
type Choice struct {
	value string
	of    []string
}

// NewChoice gives a choice of words, of which the first is the default.
func NewChoice(of ...string) Choice { return Choice{of[0], of} }

func (c *Choice) String() string { return c.value }

// Type implements pflag.Value.
func (c *Choice) Type() string { return "word" }

// Set implements pflag.Value.
func (c *Choice) Set(text string) error {
	if !slices.Contains(c.of, text) {
		last := len(c.of) - 1
		return fmt.Errorf("it must be %s or %s", strings.Join(c.of[:last], ", "), c.of[last])
	}
	c.value = text
	return nil
}

// Seconds is a time in whole seconds, 0 among them.
type Seconds time.Duration

func (s *Seconds) String() string { return strconv.Itoa(int(time.Duration(*s) / time.Second)) }

// Type implements pflag.Value.
func (s *Seconds) Type() string { return "seconds" }

// Set implements pflag.Value. What is more than a Duration holds is as much as it
// holds.
func (s *Seconds) Set(text string) error {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, 64)
	if err != nil {
		return errors.New("it must be a whole number of seconds")
	}
	*s = Seconds(min(n, uint64(math.MaxInt64/time.Second)) * uint64(time.Second))
	return nil
}

// Milliseconds is a number of milliseconds, of either sign.
type Milliseconds float64

func (m *Milliseconds) String() string {
	if *m == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*m), 'f', -1, 64)
}

// Type implements pflag.Value.
func (m *Milliseconds) Type() string { return "milliseconds" }

// Set implements pflag.Value.
func (m *Milliseconds) Set(text string) error {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || strings.ContainsAny(text, "_xX") {
		return errors.New("it must be a number of milliseconds")
	}
	*m = Milliseconds(value)
	return nil
}

// Count is a whole number above 0; 0 is that of a flag that was not given.
type Count int

func (c *Count) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.Itoa(int(*c))
}

// Type implements pflag.Value.
func (c *Count) Type() string { return "number" }

// Set implements pflag.Value.
func (c *Count) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return errors.New("it must be a whole number above 0")
	}
	*c = Count(n)
	return nil
}

// Period is a time above 0; a bare number is in seconds.
type Period time.Duration

func (p *Period) String() string {
	if *p == 0 {
		return ""
	}
	return time.Duration(*p).String()
}

// Type implements pflag.Value.
func (p *Period) Type() string { return "time" }

// Set implements pflag.Value.
func (p *Period) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	if err != nil || d <= 0 {
		return errors.New("it must be a time above 0 such as 30s or 5m")
	}
	*p = Period(d)
	return nil
}

// Rate is a number of starts per second, above 0.
type Rate float64

func (r *Rate) String() string {
	if *r == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*r), 'f', -1, 64) + "/s"
}

// Type implements pflag.Value.
func (r *Rate) Type() string { return "rate" }

// Set implements pflag.Value.
func (r *Rate) Set(text string) error {
	perSecond, err := plan.ParseRate(text)
	if err != nil {
		return fmt.Errorf("it %w", err)
	}
	*r = Rate(perSecond)
	return nil
}
