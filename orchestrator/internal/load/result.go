package load

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Result is what one run measured.
type Result struct {
	Start time.Time // just before the first request
	End   time.Time // just after the last byte of the last answer

	Counts         // of all requests
	Groups []Group // by the name of the item, as it stands in the plan, in the plan's order

	Iterations int // that came to their end, failed ones included
	Broken     int // of these: ended early by an item that is no request, or that could not be sent
	// Mistakes counts broken iterations by what broke them, in the plan's
	// order; reasons beyond a hundred are counted together.
	Mistakes []Mistake

	Lookups Lookups // of hosts' names
	// Hints say what may be done about failures, where they tell.
	Hints []Hint

	// Of an open loop only:
	Rate    float64 // intended starts a second; 0: it was a closed loop
	Late    int     // iterations started over a millisecond after their intended start
	Dropped int     // iterations never started: a timeout or more behind, or due when the run ended

	Interrupted bool // the context ended before the plan did
}

// Mistake is a reason for which iterations broke.
type Mistake struct {
	Item string // its name as written
	Text string
	N    int
}

// Group is what was counted of the requests with one name.
type Group struct {
	Name string
	Counts
}

// Counts is what was counted of some requests.
type Counts struct {
	Requests int // that came to their end: answered or failed
	Failed   int // answered with a status that is no success (200-299 unless the plan says otherwise), or not answered

	// Errors counts failures by class: "connect" (nobody listens), "timeout",
	// "reset" (by the peer), "eof" (closed before the end of the answer), "closed
	// by server while idle" (a connection that it had kept: hung up on before a
	// byte of the answer came; the request may have been carried out all the same),
	// "protocol" (not HTTP/1.x), "tls" (no trust on either side, no common version),
	// "redirect" (too many, or to another scheme), "open files of this machine",
	// "ports of this machine" and "memory of this machine" (see Limits),
	// "other", and "status 503" and so on.
	Errors map[string]int
	// Statuses counts answers by status code.
	Statuses map[string]int
	// Answers counts answers by "status/body bytes". What a server answers in
	// ever other sizes is counted under "status/other" in the end.
	Answers map[string]int

	SentBytes     bench.Bytes // heads and bodies of the requests that were sent whole
	ReceivedBytes bench.Bytes // bodies of answers

	// Latency and FirstByte are of the requests that were answered, whatever the
	// status: from just before dispatch (open loop: from the intended start) to
	// the last and to the first byte of the answer. A refused connect takes no
	// time and a timeout all that it is given, and neither says how long an
	// answer takes.
	Latency, FirstByte *Histogram
	// Attempts is of all requests, to the last byte or the failure: what drill's
	// statistics are of.
	Attempts *Histogram
}
