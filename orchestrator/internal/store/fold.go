package store

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// The codes of warnings about the records themselves.
const (
	CodeMoved   = "moved"          // a run went on where the machine was another one
	CodeDamaged = "damaged-record" // lines of the stream could not be read
)

// Bounds of what a hostile stream may cost.
const (
	mostMemory = 1 << 29 // bytes, about: an empty batch has 14 letters and takes 400
	mostWork   = 1 << 28 // steps of going back to an earlier round
)

// Fold makes the experiment of its records, whole or not: a stream that ends in
// the middle is an experiment that was interrupted. Damaged lines become a
// warning, what is newer stands in Unknown, by its line: records[17]. The error
// says that there is no experiment in it: no header, or nothing that could be
// read.
func Fold(records iter.Seq2[Record, error]) (*bench.Experiment, error) {
	f := NewFolding()
	for r, err := range records {
		if stop := f.Take(r, err); stop != nil {
			return nil, stop
		}
	}
	return f.Experiment()
}

// Folding is a fold that goes on, such as that of a page which shows a run. It
// may be used by several goroutines at once.
type Folding struct {
	mu      sync.Mutex        // guards what follows
	header  *Header           // the first: it knows when and by whom it was begun
	design  bench.Design      // of the last header
	where   bench.Environment // of the last header
	images  []Image           // of the last header
	begun   bench.Environment // in which the rounds began that count
	trials  map[Of]*trial
	judged  map[int]verdict  // by round
	orders  map[int][]string // the variants of a round, by its number
	leftOut []Gone
	end     *End
	general []general
	told    map[bench.Warning]bool // those in general
	count   int                    // records
	cost    int                    // bytes that headers take, about
	taken   int                    // bytes that all else takes, about
	work    int                    // steps of going back
	cut     bool                   // the last line was damaged
	damaged trouble
	newer   unknown
}

// verdict is a round that was judged.
type verdict struct {
	Judged
	where  bench.Environment
	images []Image
}

// Gone is a variant that is left out from a point on.
type Gone struct {
	bench.LeftOut
	After int // rounds that were judged before it
}

// general is a warning that concerns the experiment.
type general struct {
	bench.Warning
	after int // rounds judged before it
}

// trouble counts what could not be taken over.
type trouble struct {
	count int
	first string
}

func (t *trouble) add(err error) {
	if t.count++; t.count == 1 {
		t.first = err.Error()
	}
}

// trial is one trial so far.
type trial struct {
	bench.Trial
	begun bool
	open  *bench.Phase // the phase that has not ended
	last  time.Duration
	ended *Ended
	told  map[bench.Warning]bool // those in Warnings
}

// NewFolding begins a fold.
func NewFolding() *Folding {
	return &Folding{trials: map[Of]*trial{}, judged: map[int]verdict{}, orders: map[int][]string{}, told: map[bench.Warning]bool{}}
}

// Take adds a record, or what stood in its place, as Read gives both. An error
// says that no more can be taken: the records cost too much.
func (f *Folding) Take(r Record, err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var newer *NewerError
	switch {
	case err == nil:
	case errors.As(err, &newer):
		if err := f.newer.keep(fmt.Sprintf("records[%d]", newer.Line), newer.Text); err != nil {
			return err
		}
	default:
		// What was read before it stands, and what comes behind it, too.
		f.damaged.add(err)
		f.cut = true
		return nil
	}
	f.count++
	f.add(r)
	f.cut = false
	switch {
	case f.taken+f.cost > mostMemory:
		return fmt.Errorf("record %d: the records up to here take more than %d MiB of memory", f.count, mostMemory>>20)
	case f.work > mostWork:
		return fmt.Errorf("record %d: the run goes on from an earlier round too often", f.count)
	}
	return nil
}

// Add adds a record.
func (f *Folding) Add(r Record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.add(r)
}

func (f *Folding) add(r Record) {
	switch what := r.What.(type) {
	case Header:
		f.addHeader(what)
	case Judged:
		f.taken += weigh(what)
		f.judged[what.Round] = verdict{what, f.where, f.images}
	case Round:
		if f.orders[what.Number] == nil {
			f.taken += weigh(what)
		}
		f.orders[what.Number] = what.Order
	case bench.LeftOut:
		if !slices.ContainsFunc(f.leftOut, func(g Gone) bool { return g.Variant == what.Variant }) {
			f.taken += 2 * weigh(what)
			f.leftOut = append(f.leftOut, Gone{what, len(f.judged)})
		}
	case Resumed:
		f.resume(what.After)
	case End:
		f.end = &what
	case bench.Sample:
		t := f.of(r.Of)
		before := t.Samples.Size()
		t.Samples.Append(what)
		f.taken += t.Samples.Size() - before
		t.last = max(t.last, what.At)
	case bench.Warning:
		if r.Of != (Of{}) {
			f.taken += f.of(r.Of).warn(what)
		} else if !f.told[what] {
			f.taken += weigh(what) * 3
			f.told[what] = true
			f.general = append(f.general, general{what, len(f.judged)})
		}
	case Trial:
		t := f.of(r.Of)
		if t.begun || t.ended != nil {
			// Done again, and the record that says so is lost.
			delete(f.trials, r.Of)
			t = f.of(r.Of)
		}
		f.taken += weigh(what)
		t.add(what)
	case bench.Proof, bench.Phase, bench.Gauge, bench.Edge, bench.Batch, Ended:
		f.taken += 2 * weigh(what) // lists have room to grow
		f.of(r.Of).add(what)
	}
}

// of gives a trial, new if nothing was known of it.
func (f *Folding) of(id Of) *trial {
	t := f.trials[id]
	if t == nil {
		t = &trial{Trial: bench.Trial{Variant: id.Variant, Round: id.Round}}
		f.trials[id] = t
		f.taken += 2*weigh(*t) + len(id.Variant) // the map is as large again
	}
	return t
}

func (f *Folding) addHeader(h Header) {
	f.design, f.where, f.images = h.Design, h.Environment, h.Images
	if f.header == nil {
		f.header = &h
	}
	if len(f.judged) == 0 {
		f.begun = h.Environment // nothing counts that began elsewhere
	}
	f.cost = weigh(*f.header) + weigh(f.design)
	f.end = nil // somebody goes on
}

// resume drops what belongs to rounds that are done again.
func (f *Folding) resume(after int) {
	f.work += len(f.trials) + len(f.judged) + len(f.general)
	maps.DeleteFunc(f.trials, func(id Of, _ *trial) bool { return id.Round > after })
	maps.DeleteFunc(f.judged, func(round int, _ verdict) bool { return round > after })
	f.general = slices.DeleteFunc(f.general, func(g general) bool {
		// Where it went on last time, no round came to its end.
		gone := g.after > len(f.judged) || g.after == len(f.judged) && g.Code == CodeMoved
		if gone {
			delete(f.told, g.Warning)
		}
		return gone
	})
	maps.DeleteFunc(f.orders, func(round int, _ []string) bool { return round > after })
	// A variant that was left out in a round that is done again may do better.
	f.leftOut = slices.DeleteFunc(f.leftOut, func(g Gone) bool { return max(g.Round, g.After) > after })
	f.end = nil
	if f.cut {
		// What a kill or a full disk cut short is of a round that is done again.
		f.damaged.count--
	}
}

// warn adds a warning, and gives the memory that it takes, about.
func (t *trial) warn(w bench.Warning) int {
	if t.told[w] {
		return 0
	}
	if t.told == nil {
		t.told = map[bench.Warning]bool{}
	}
	t.told[w] = true
	t.Warnings = append(t.Warnings, w)
	return 3 * weigh(w)
}

// add puts a record of the trial where it belongs.
func (t *trial) add(what any) {
	switch what := what.(type) {
	case Trial:
		t.begun = true
		t.Started, t.Image, t.ImageID = what.Started, what.Image, what.ImageID
		t.Container, t.Address, t.Repeats = what.Container, what.Address, what.Repeats
		t.Turn, t.Group = what.Turn, what.Group
	case bench.Proof:
		t.Proof = what
	case bench.Phase:
		t.open = nil
		if what.End == 0 {
			t.open = &what
		} else {
			t.Phases = append(t.Phases, what)
		}
		t.last = max(t.last, what.Start, what.End)
	case bench.Gauge:
		t.Gauges = append(t.Gauges, what)
		t.last = max(t.last, what.At)
	case bench.Edge:
		t.Edges = append(t.Edges, what)
		t.last = max(t.last, what.At)
	case bench.Batch:
		t.Batches = append(t.Batches, what)
		t.last = max(t.last, what.End)
	case Ended:
		t.ended = &what
		t.Error, t.Sampler = what.Error, what.Sampler
	}
}
