package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// The pace of events.
const (
	tickEvery = 900 * time.Millisecond // with what a browser takes, a second
	beatEvery = 15 * time.Second       // of silence, before a sign of life
	freshFor  = 250 * time.Millisecond // an event does for those who come just after it
)

// hub tells all browsers that have the page open how things stand. Each event says
// all there is to say: who missed some needs only the newest.
type hub struct {
	state *state

	mu      sync.Mutex // guards what follows
	streams map[chan struct{}]bool
	last    []byte // the newest event
	sent    []byte // the event that all were told of; who comes in between is told more
	at      time.Time
}

func newHub(s *state) *hub { return &hub{state: s, streams: map[chan struct{}]bool{}} }

// run makes events until ctx ends, while there is somebody to tell.
func (h *hub) run(ctx context.Context) {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.state.urgent:
			h.tick()
		case <-tick.C:
			h.tick()
		}
	}
}

// tick makes an event, and tells all if it says something new.
func (h *hub) tick() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) == 0 {
		return
	}
	if h.make(); bytes.Equal(h.sent, h.last) {
		return
	}
	h.sent = h.last
	for wake := range h.streams {
		select {
		case wake <- struct{}{}:
		default: // it has not taken the one before, and will take this one instead
		}
	}
}

// make makes the newest event; mu is held.
func (h *hub) make() {
	now := time.Now()
	h.last, h.at = h.state.event(now), now
}

// newest gives the newest event.
func (h *hub) newest() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil || time.Since(h.at) > freshFor {
		h.make()
	}
	return h.last
}

// latest gives the event that was made last.
func (h *hub) latest() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// join has somebody told, unless there are too many; leave ends it.
func (h *hub) join() (wake chan struct{}, leave func(), ok bool) {
	wake = make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) >= mostStreams {
		return nil, nil, false
	}
	h.streams[wake] = true
	return wake, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.streams, wake)
	}, true
}

// event gives how things stand as a server-sent event (HTML, section 9.2).
func (s *state) event(now time.Time) []byte {
	if s.saved() != nil {
		return []byte("event: over\ndata: {}\n\n")
	}
	text, err := json.Marshal(s.picture(now, -1))
	if err != nil { // strings and numbers can be written
		return nil
	}
	return append(append([]byte("data: "), text...), "\n\n"...)
}

// serveEvents tells a browser how things stand until it goes or ctx ends. One that
// does not take what it is told is left.
func (s *Site) serveEvents(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	wake, leave, ok := s.join()
	if !ok {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
		return
	}
	defer leave()
	c := http.NewResponseController(w)
	send := func(text []byte) bool {
		if err := c.SetWriteDeadline(time.Now().Add(eventWithin)); err != nil {
			return false
		}
		if _, err := w.Write(text); err != nil {
			return false
		}
		return c.Flush() == nil
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for going := send(append([]byte("retry: 1000\n\n"), s.newest()...)); going; {
		select {
		case <-ctx.Done():
			send(s.event(time.Now()))
			return
		case <-r.Context().Done():
			return
		case <-beat.C:
			going = send([]byte(":\n\n"))
		case <-wake:
			beat.Reset(beatEvery)
			going = send(s.latest())
		}
	}
}
