package lab

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
)

// Observer is told what happens while it happens. Its methods are called from
// several goroutines at once and must not block: the measurement waits for them.
type Observer interface {
	// Engine tells which engine has answered, before anything else.
	Engine(info engine.Info)
	// Preparing tells of the images.
	Preparing(p engine.Progress)
	// Round tells that a round begins, of how many that are to count, and how
	// long it and those after it will take at the pace so far; 0: not known yet.
	Round(r Round, of int, left time.Duration)
	// Proved tells that a variant of a round runs what it promises.
	Proved(variant string, round int, instance string, p bench.Proof)
	// Phase tells that a trial comes to a new phase.
	Phase(variant string, round int, p bench.Phase)
	// Batch tells of a batch that is over, and of the highest sample in it.
	Batch(variant string, round int, b bench.Batch, highest bench.Bytes)
	// Status tells how a trial stands, several times a second.
	Status(s Status)
	// Ended tells that a trial is over; t.Error says why where it ended early.
	Ended(t bench.Trial)
	// Note tells of something else that people should see, such as leftovers
	// that were removed.
	Note(text string)
}

// Status is how a trial stands.
type Status struct {
	Variant string
	Round   int
	Phase   string // kind of the bench.Phase it is in
	Batch   int    // the batch it is in or was last in; 0 before the first
	Batches int
	Done    int           // requests of the batch
	Total   int           // requests of a batch
	Failed  int           // in the trial so far
	RSS     bench.Bytes   // the resident heap now
	Left    time.Duration // estimated; 0: not known yet
}

// Nobody is an Observer that does not look.
type Nobody struct{}

// Engine does nothing.
func (Nobody) Engine(engine.Info) {}

// Preparing does nothing.
func (Nobody) Preparing(engine.Progress) {}

// Round does nothing.
func (Nobody) Round(Round, int, time.Duration) {}

// Proved does nothing.
func (Nobody) Proved(string, int, string, bench.Proof) {}

// Phase does nothing.
func (Nobody) Phase(string, int, bench.Phase) {}

// Batch does nothing.
func (Nobody) Batch(string, int, bench.Batch, bench.Bytes) {}

// Status does nothing.
func (Nobody) Status(Status) {}

// Ended does nothing.
func (Nobody) Ended(bench.Trial) {}

// Note does nothing.
func (Nobody) Note(string) {}
