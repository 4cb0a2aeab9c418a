package web

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/page"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/watch"
)

// state is what the page knows.
type state struct {
	id      string // tells this page from one that another run showed at the same address
	folding *store.Folding
	log     *tail
	view    *console.View // writes to log
	urgent  chan struct{} // something has happened that nobody should wait for

	mu      sync.Mutex // guards what follows; never held while something is drawn or loaded
	run     *watch.Run
	figures int    // counts the changes of what the report says
	reading string // the folder whose records are being read, "" when that is done
	failed  string // why there is no result
	saving  bool
	final   []byte // the saved page; nil while the run goes on
	over    bool   // final is of a run that came to its end
	heads   bool   // there is a header: the report can be made

	drawing sync.Mutex // guards what follows: one draws for all
	drawn   drawn
}

// drawn is what was drawn last, of the figures of that count.
type drawn struct {
	figures int
	body    []byte
	whole   []byte // with a mark where what happens now belongs
}

func newState() *state {
	log := &tail{}
	return &state{id: rand.Text(), folding: store.NewFolding(), log: log, view: console.NewView(log, false, nil), run: watch.NewRun(), urgent: make(chan struct{}, 1), drawn: drawn{figures: -1}}
}

// take takes in a record, or what stood in its place, at a time; zero: that of the
// record.
func (s *state) take(r store.Record, failed error, now time.Time) error {
	if err := s.folding.Take(r, failed); err != nil {
		return err
	}
	if r.What == nil {
		return nil // it was damaged
	}
	s.view.Read(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading == "" { // it goes on
		s.final, s.saving = nil, false
	}
	s.run.Take(r, now)
	switch r.What.(type) {
	case store.Header:
		if !s.heads {
			s.heads = true
			s.figures++
		}
	case store.Ended, store.Judged:
		s.figures++
	case store.Resumed:
		s.saving = false
		s.figures++
	case store.End:
		s.saving = true
		s.figures++
	case bench.Warning:
		if r.Of == (store.Of{}) {
			s.figures++
		}
	}
	return nil
}

// read says that the records of a folder are being read.
func (s *state) read(dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = dir
}

// atEnd says that all records of a folder have been read, and whether to wait for
// more.
func (s *state) atEnd(dir string, alive bool) (wait bool, err error) {
	s.mu.Lock()
	known := s.reading != "" && s.final != nil
	s.reading = ""
	end := s.run.End()
	s.mu.Unlock()
	wait = alive || end == nil || end.Interrupted
	if alive || known {
		return wait, nil
	}
	return wait, s.Saved(dir)
}

// Saved says that the run is over and its folder holds the result: from now on the
// page is that of the folder. The error is one of reading it.
func (s *state) Saved(dir string) error {
	s.mu.Lock()
	s.saving = true
	s.mu.Unlock()
	exp, err := store.Load(dir)
	if err != nil {
		s.Failed(err.Error())
		return err
	}
	var final bytes.Buffer
	if err := page.Write(&final, exp); err != nil {
		s.Failed(err.Error())
		return err
	}
	s.mu.Lock()
	s.final, s.over, s.saving = final.Bytes(), !exp.Interrupted, false
	s.mu.Unlock()
	s.hurry()
	return nil
}

// hurry has browsers told at once.
func (s *state) hurry() {
	select {
	case s.urgent <- struct{}{}:
	default: // they are about to be
	}
}

// stopped says that what has been read is of a run that stopped somewhere, which
// somebody is about to go on with.
func (s *state) stopped() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saving = false
	s.run.Stopped()
}

// Over says that what was saved is of a run that came to its end.
func (s *state) Over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// Failed says that the run has ended without a result, and why.
func (s *state) Failed(reason string) {
	s.mu.Lock()
	s.failed, s.saving = reason, false
	s.mu.Unlock()
	s.hurry()
}

// saved gives the page of the saved result; nil: there is none yet.
func (s *state) saved() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.final
}

// report draws the report as it is, once for all who ask before it changes.
func (s *state) report() (drawn, error) {
	s.drawing.Lock()
	defer s.drawing.Unlock()
	s.mu.Lock()
	now, heads := s.figures, s.heads
	s.mu.Unlock()
	if s.drawn.figures == now {
		return s.drawn, nil
	}
	exp := &bench.Experiment{Schema: bench.Schema, Trials: []bench.Trial{}, Warnings: []bench.Warning{}}
	if heads {
		var err error
		if exp, err = s.folding.SoFar(); err != nil {
			return drawn{}, fmt.Errorf("fold the records: %w", err)
		}
	}
	var body, whole bytes.Buffer
	if err := page.Body(&body, exp); err != nil {
		return drawn{}, err
	}
	if err := page.Render(&whole, exp, page.Extra{Style: liveStyle(), Script: liveScript, Above: mark}); err != nil {
		return drawn{}, err
	}
	s.drawn = drawn{now, body.Bytes(), whole.Bytes()}
	return s.drawn, nil
}

// mark stands in a page that was drawn where what happens now belongs, which
// changes more often.
const mark = "<!--stair-stepper:now-->"

// tail keeps the last lines of what is written to it.
type tail struct {
	mu    sync.Mutex
	lines []string
}

// mostLines is how many lines of the log the page shows.
const mostLines = 12

// Write is that of an io.Writer; each call writes whole lines.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range bytes.Lines(p) {
		t.lines = append(t.lines, string(bytes.TrimRight(line, "\n")))
	}
	t.lines = t.lines[max(0, len(t.lines)-mostLines):]
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b bytes.Buffer
	for _, line := range t.lines {
		b.WriteString(line + "\n")
	}
	return b.String()
}
