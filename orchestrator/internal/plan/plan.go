// Package plan reads the plans of the load tester drill: a benchmark file with
// its properties and a list of items, and further files that it includes.
//
// Load turns them into a Plan, ready to be sent, or into Errors: every mistake
// of every file at once, each with its place, an excerpt and a hint. What does
// not stop the load but was surely not meant, such as a misspelt key, is a
// Warning.
//
// The language is drill's, whole: requests and the loops over them, assign,
// assert, delay, exec, includes, tags and variables. What drill does quietly
// and nobody expects, such as passing over a key beside another one, is done
// here too, with a warning. What drill gives up on and can be understood is
// accepted: fractions of a second in a delay, blanks in hexadecimal digits, a
// concurrency above the iterations, which is lowered to them. Real YAML
// documents take the place of drill's cutting at dashes. Three keys are our own:
// lab holds settings of this project, arrival_rate turns the plan into an open
// loop, and success_codes says which answers succeed; drill passes over them.
package plan

import (
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// Options are what a command line adds to a plan.
type Options struct {
	Tags     []string // run only items with one of these tags
	SkipTags []string // leave out items with one of these tags
	TagsSet  bool     // Tags was given, even if it is empty: then no ordinary item runs
	Strict   bool     // every warning is a mistake
	Env      vars.Env // for variables in base and in numbers
	Base     string   // in place of the file's base, if not empty
	Seed     uint64   // orders the loops with shuffle; 0: another order with each load
	NoExec   bool     // an item that runs a command is a mistake
	Secrets  bool     // List shows the values of headers that hold secrets
	Input    []byte   // the text of the benchmark file, where it is none that has a name; nil: it is read
}

// Plan is a benchmark file with all that it includes, filtered by tags.
type Plan struct {
	File        string        // as it was given to Load
	Base        string        // put in front of URLs that begin with a slash
	Origin      weburl.URL    // Base taken apart; the zero URL where there is none
	Concurrency int           // iterations in flight, from 1 to Iterations
	Iterations  int           // how often the list of items is run, at least 1; 0: without end, see Endless
	Rampup      time.Duration // over which the first iterations are spread
	Rate        float64       // iterations started a second, whatever the answers do; 0: a closed loop
	Items       []Item        // of one iteration, in order; a request with a loop stands there once
	Lab         []Setting     // the key lab, in the file's order
	Warnings    []Warning     // in the order of the files
	Refused     []Refused     // numbers of the file that do not count, as drill tells of them
	Skipped     int           // rows and lines of loops' files that cannot be used
	Seed        uint64        // with Options.Seed set to it, the loops come in the same order; 0: none is shuffled
	Tags        []string      // as in Options
	SkipTags    []string      // as in Options

	asked      property         // the concurrency that the file asks for
	sources    map[string]*file // by name, for ErrorAt
	iterations int              // the last Iterations above 0, for a concurrency that follows them
}

// Refused is a number at the top of a benchmark file, such as iterations, that
// is below zero or a text without a number. What is neither number nor text
// drill passes over in silence.
type Refused struct {
	Key      string
	Negative bool
}

// Setting is one entry of the key lab. What it means is the command's business.
type Setting struct {
	Key    string
	Values []string   // the scalars as written: one, or those of a list
	List   bool       // they stand in a list
	Pos    Position   // of the key
	At     []Position // of each value, behind the quote where it has one
}

// Warning is something in a plan that does not stop it but was probably not
// meant.
type Warning struct {
	Pos  Position // the zero Position where there is no place to show
	Text string
}

// String gives the warning as one line, its place in front.
func (w Warning) String() string { return w.Pos.prefix() + w.Text }

// Load reads the benchmark file with the given name, and all that it includes.
// Includes are relative to the file that names them. The error is of type
// Errors.
func Load(name string, opt Options) (*Plan, error) {
	return newLoader(opt).load(name)
}

// LoadLab reads the settings of the benchmark file alone: neither its items nor
// its includes. It is for commands that need a setting, such as the tags, before
// they can call Load. The error is of type Errors.
func LoadLab(name string) (*Plan, error) {
	return newLoader(Options{}).loadLab(name)
}

// ReadYAML gives what the first document of a text stands for to drill, in the
// types that vars.Scope takes. name is that of its file. The error is of type
// Errors.
func ReadYAML(name string, text []byte) (any, error) {
	l := newLoader(Options{})
	l.read = func(string) ([]byte, error) { return text, nil }
	f := l.open(name, nil, Position{})
	if len(l.errs) > 0 {
		return nil, l.errs
	}
	return value(f.root), nil
}

// ShownBase is Base without a user and password in it, for people to see.
func (p *Plan) ShownBase() string { return weburl.WithoutUser(p.Base) }

// Requests gives the requests of one iteration, in order. One with a loop stands
// there once.
func (p *Plan) Requests() []*Request {
	var requests []*Request
	for _, item := range p.Items {
		if r, ok := item.(*Request); ok {
			requests = append(requests, r)
		}
	}
	return requests
}

// PerIteration is how many requests one iteration sends.
func (p *Plan) PerIteration() int {
	n := 0
	for _, r := range p.Requests() {
		n += r.Times()
	}
	return n
}

// ErrorAt makes an error of the same form as those of Load: msg with the place
// and an excerpt, and the hint, which may be empty.
func (p *Plan) ErrorAt(pos Position, msg, hint string) error {
	return newMistake(p.sources[pos.File], pos, msg, hint)
}

// WithLoad gives a copy of p with other numbers; 0 keeps what the file says. A
// concurrency that the file's own iterations had lowered, or that follows them
// because the file gives none, is worked out anew.
func (p *Plan) WithLoad(iterations, concurrency int) *Plan {
	c := *p
	if iterations > 0 {
		c.Iterations = iterations
	}
	if concurrency > 0 {
		c.asked = property{value: concurrency}
	}
	return c.resettled(p.lowered())
}

// Endless gives a copy of p that runs until something else ends it. Its
// concurrency is the one asked for, or else the iterations of the plan, as for
// a run of that many.
func (p *Plan) Endless() *Plan {
	c := *p
	c.Iterations = 0
	return c.resettled(p.lowered())
}

// Change is what a command changes of the load that a plan asks for.
type Change struct {
	Once        bool    // one iteration in a closed loop, and nothing else counts
	Endless     bool    // unless Iterations is set, the plan has no end of its own
	Iterations  int     // 0: as the plan says
	Concurrency int     // 0: as the plan says
	Rate        float64 // of an open loop, in starts per second; 0: as the plan says
}

// Changed gives a copy of p with another load.
func (p *Plan) Changed(to Change) *Plan {
	if to.Once {
		c := p.WithLoad(1, 1)
		c.Rate = 0
		return c
	}
	c := p.WithLoad(to.Iterations, to.Concurrency)
	if to.Endless && to.Iterations == 0 {
		c = c.Endless()
	}
	if to.Rate > 0 {
		c.Rate = to.Rate
	}
	return c
}

// resettled works out the concurrency of c, which is a copy, in place of an
// earlier warning about it.
func (c *Plan) resettled(earlier string) *Plan {
	c.Warnings = slices.DeleteFunc(slices.Clone(c.Warnings), func(w Warning) bool { return w.Text == earlier })
	if w, ok := c.settle(); ok {
		c.Warnings = append(c.Warnings, w)
	}
	return c
}
