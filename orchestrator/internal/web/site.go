// Package web serves the report of a run as a page that lives while the run goes
// on: what is happening now, memory as it comes, and the figures of the trials
// that have ended. What it knows it has from the stream of records, or from the
// file that another process writes them to; a browser that is slow or gone holds
// nobody up. When the run is over, the page is the saved report, byte for byte.
//
// It can only be read, and by nobody but people who open it: guard.go says how
// other pages are kept out.
package web

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// Bounds of what browsers may ask.
const (
	headWithin  = 5 * time.Second  // a request's head is there
	pageWithin  = 30 * time.Second // a page is taken
	eventWithin = 5 * time.Second  // an event is taken
	idleWithin  = time.Minute      // a connection waits for the next request
	closeWithin = 2 * time.Second  // requests come to their end when serving ends
	mostHead    = 32 << 10         // bytes of a request's head
	mostStreams = 32               // browsers that have the page open
)

// Site is a page that is served. It may be used by several goroutines at once.
type Site struct {
	at     Address
	server *http.Server
	ends   context.CancelFunc // the streams of events
	done   sync.WaitGroup     // of serving

	*state
	*hub
}

// Listen opens an address and serves a page there, on which nothing has happened
// yet. Close has to be called. An address that cannot be had is a mistake of
// whoever named it.
func Listen(ctx context.Context, at Address) (*Site, error) {
	l, err := at.listen(ctx)
	if err != nil {
		return nil, err
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		at.Port = uint16(tcp.Port)
	}
	return serve(l, at), nil
}

// serve serves on what is listening, which is l's goroutine's to close.
func serve(l net.Listener, at Address) *Site {
	streams, ends := context.WithCancel(context.Background())
	st := newState()
	s := &Site{at: at, ends: ends, state: st, hub: newHub(st)}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.serveWhole)
	mux.HandleFunc("/now", s.serveNow)
	mux.HandleFunc("/report", s.serveReport)
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) { s.serveEvents(streams, w, r) })
	// A browser asks for it of its own accord, and would complain.
	mux.HandleFunc("/favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s.server = &http.Server{
		Handler: s.guard(mux), ReadHeaderTimeout: headWithin, IdleTimeout: idleWithin, MaxHeaderBytes: mostHead,
		// What a browser does wrong is not for the terminal that shows the run.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.done.Go(func() { _ = s.server.Serve(l) }) // its end is Close, or shows in browsers
	s.done.Go(func() { s.hub.run(streams) })
	return s
}

// URL is where a browser on this machine finds the page.
func (s *Site) URL() string {
	at := s.at
	at.Host = at.shown()
	return "http://" + at.String()
}

// Open says that others than this machine's users get to the page.
func (s *Site) Open() bool { return !s.at.Loopback() }

// Close ends the serving, within a few seconds. Browsers are told what happened
// last.
func (s *Site) Close() error {
	s.ends()
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.server.Close()
	}
	s.done.Wait()
	return err
}

// Follow has the page show a run of another process, from what it writes to its
// results folder, until ctx ends or the run is over. One that was interrupted, or
// killed, may go on.
func (s *Site) Follow(ctx context.Context, dir string) error {
	s.read(dir)
	var failed error
	for r, err := range store.Follow(ctx, dir, func(alive bool) bool {
		var wait bool
		wait, failed = s.atEnd(dir, alive)
		return wait && failed == nil
	}) {
		if err := s.takeRead(r, err); err != nil {
			return err
		}
	}
	return failed
}

// takeRead takes in what was read: what a line is wrong with is no matter, what
// ends the reading is.
func (s *Site) takeRead(r store.Record, err error) error {
	var damaged *store.LineError
	var newer *store.NewerError
	if err != nil && !errors.As(err, &damaged) && !errors.As(err, &newer) {
		return err
	}
	return s.take(r, err, time.Time{})
}

// Earlier has the page know what a run that goes on has recorded before.
func (s *Site) Earlier(ctx context.Context, dir string) error {
	for r, err := range store.Follow(ctx, dir, func(bool) bool { return false }) {
		if err := s.takeRead(r, err); err != nil {
			return err
		}
	}
	s.stopped()
	return nil
}

// Read has the page show a record of a run of this process: it is for a Stream's
// Follow.
func (s *Site) Read(r store.Record) {
	_ = s.take(r, nil, time.Now()) // the run itself tells of what is too much
}
