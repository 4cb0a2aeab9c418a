package load

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// Observer is told of every item of every iteration. Its methods are called
// from many goroutines at once, by the one that runs the iteration: the time
// they take is time in which it sends nothing. Nothing of an Event may be kept
// after the call.
type Observer interface {
	// Begin says that a request is about to be sent. It is called only where
	// Options.Verbose is set.
	Begin(*Event)
	// End says that an item has come to its end, or that it failed: once for
	// each item, also for the one that breaks the iteration. Items that the end
	// of the run cuts off are passed over.
	End(*Event)
}

// Event is one item of one iteration.
type Event struct {
	Item      plan.Item
	Element   int           // of a request in a loop: for which element it is sent, from 0
	Iteration int           // from 0
	Name      string        // of a request: with its variables filled in; else as written
	URL       string        // of a request: absolute, without user and password, before any redirect
	Status    int           // of the final answer; 0: there was none
	Took      time.Duration // of a request: from its dispatch to the last byte of the answer or the failure
	FirstByte time.Duration // of a request: to the first byte of the final answer; 0: there was none
	Class     string        // why there was no answer, as Counts.Errors has it; else empty
	Err       error         // why there was no answer, or why the item made its iteration fail

	// Where Options.Verbose is set, of a request:
	Method  string
	Sent    []Field // what the plan and the cookies say, and user-agent
	Final   string  // the URL as it is sent; in End the one that answered, after redirects
	Answer  []Field // the headers of the final answer
	Body    []byte  // of the final answer
	HasBody bool    // Body was read, for it is assigned
}

// Field is one header field as it goes over the wire.
type Field struct{ Name, Value string }
