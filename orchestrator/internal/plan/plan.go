// Package plan reads the plans of the load tester drill: a benchmark file with
// its properties and a list of items, and further files that it includes.
//
// Load turns them into a Plan, ready to be sent, or into Errors: every mistake
// of every file at once, each with its place, an excerpt and a hint. What does
// not stop the load but was surely not meant, such as a misspelt key, is a
// Warning.
//
// The language is drill's, with three exceptions. Real YAML documents take the
// place of drill's cutting at dashes; a concurrency above the iterations is
// lowered to them; and the top-level key lab holds settings of this project,
// which drill passes over. Of the items only requests with a fixed text are
// known yet: anything else of the language is a mistake that says so, never
// something left out in silence.
package plan

import (
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// Options are what a command line adds to a plan.
type Options struct {
	Tags     []string // run only items with one of these tags
	SkipTags []string // leave out items with one of these tags
	TagsSet  bool     // Tags was given, even if it is empty: then no ordinary item runs
	Strict   bool     // every warning is a mistake
	Env      vars.Env // for variables in base and in numbers
}

// Plan is a benchmark file with all that it includes, filtered by tags.
type Plan struct {
	File        string        // as it was given to Load
	Base        string        // put in front of URLs that begin with a slash
	Concurrency int           // iterations in flight, from 1 to Iterations
	Iterations  int           // how often the list of items is run, at least 1
	Rampup      time.Duration // over which the first iterations are spread
	Rate        float64       // iterations started a second, whatever the answers do; 0: a closed loop
	Items       []Item        // of one iteration, in order
	Lab         []Setting     // the key lab, in the file's order
	Warnings    []Warning     // in the order of the files
	Tags        []string      // as in Options
	SkipTags    []string      // as in Options

	asked   property         // the concurrency that the file asks for
	sources map[string]*file // by name, for ErrorAt
}

// Setting is one entry of the key lab. What it means is the command's business.
type Setting struct {
	Key    string
	Values []string // the scalars as written: one, or those of a list
	Pos    Position // of the key
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

// Requests gives the requests of one iteration, in order.
func (p *Plan) Requests() []*Request {
	var requests []*Request
	for _, item := range p.Items {
		if r, ok := item.(*Request); ok {
			requests = append(requests, r)
		}
	}
	return requests
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
	c.Warnings = slices.DeleteFunc(slices.Clone(p.Warnings), func(w Warning) bool { return w.Text == p.lowered() })
	if w, ok := c.settle(); ok {
		c.Warnings = append(c.Warnings, w)
	}
	return &c
}

// ErrorAt makes an error of the same form as those of Load: msg with the place
// and an excerpt, and the hint, which may be empty.
func (p *Plan) ErrorAt(pos Position, msg, hint string) error {
	return newMistake(p.sources[pos.File], pos, msg, hint)
}
