package plan

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// Item is one step of an iteration: a *Request, *Assign, *Assert, *Delay or
// *Exec, and nothing else.
type Item interface {
	// Title is the name of the item as it stands in the file.
	Title() string
	// At is the place of the item in its file.
	At() Position
	item()
}

// Step is what all items have.
type Step struct {
	Name string // as written, variables and all: statistics group by it
	Tags []string
	Pos  Position
}

// Title implements Item.
func (s *Step) Title() string { return s.Name }

// At implements Item.
func (s *Step) At() Position { return s.Pos }

func (s *Step) item() {}

// Request is an item that sends one HTTP request.
type Request struct {
	Step
	Shown   vars.Text  // the name, as log lines show it
	Method  string     // upper case
	URL     vars.Text  // as written; the base goes in front of one that begins with a slash
	Address string     // absolute and escaped, where no variable can change it; else empty
	Parsed  weburl.URL // Address taken apart, without user and password: they are a header
	Headers []Header
	Body    Body
	Assign  string // the variable for the answer; empty: none
	Success []int  // the status codes of answers that succeed, sorted; nil: 200 to 299
	Loop    *Loop  // what it is sent for; nil: it is sent once
}

// Times is how often an iteration sends the request.
func (r *Request) Times() int {
	if r.Loop == nil {
		return 1
	}
	return r.Loop.Len()
}

// Header is one header field. No two of a request have the same name in
// another case.
type Header struct {
	Name  string
	Value vars.Text
}

// Body is what a request carries.
type Body struct {
	Bytes []byte    // where no variable changes it; shared by all iterations: not to be changed
	Text  vars.Text // where Bytes is nil: what to render
}

// Assign is an item that sets a variable to a text.
type Assign struct {
	Step
	Key, Value string
}

// Assert is an item that fails the iteration unless a variable is rendered as
// Value.
type Assert struct {
	Step
	Key, Value string
}

// Delay is an item that waits.
type Delay struct {
	Step
	For time.Duration
}

// Exec is an item that runs a command with bash and waits for its end.
type Exec struct {
	Step
	Command vars.Text
	Assign  string // the variable for what it prints; empty: none
}
