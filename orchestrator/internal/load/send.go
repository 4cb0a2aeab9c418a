package load

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// each sends a request for each element of its loop, or once.
func (w *worker) each(ctx context.Context, r *request) error {
	w.element = 0
	if r.Loop == nil {
		return w.send(ctx, r)
	}
	for i := range r.Loop.Len() {
		w.element = i
		if w.scoped {
			e := r.Loop.At(i)
			w.composer.set("item", e.Value)
			w.composer.set("index", int64(e.Index))
		}
		if err := w.send(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// send carries a request out: renders it, sends it, follows where the answer
// leads, counts, tells the observer and keeps what later items may ask for. The
// error is errStopped, or breaks the iteration.
func (w *worker) send(ctx context.Context, r *request) error {
	c, err := w.ready(r)
	foreign := errors.Is(err, weburl.ErrScheme)
	if err != nil && !foreign {
		if w.opt.Observer != nil {
			w.event.Err = err
			w.opt.Observer.End(&w.event)
		}
		return err
	}

	if w.lag == 0 {
		// Answers that have come are read before the next request is sent: what
		// they wait for meanwhile would count as the server's time. Where starts
		// are due at their time, this one is late already.
		runtime.Gosched()
	}
	out := outcome{start: time.Now(), success: r.Success}
	var in *reader
	if foreign {
		err = &connectError{err}
	} else {
		c, in, err = w.exchange(ctx, c, r, &out)
	}
	if err != nil && over(ctx) {
		return errStopped // it failed because the connection was closed under it
	}
	out.cause = classify(err)
	if err != nil {
		w.hints.count(out.cause, err)
	}
	var took time.Duration
	if err == nil {
		took, out.first = in.end.Sub(out.start), in.first.Sub(out.start)+w.lag
	} else {
		took = time.Since(out.start)
	}
	out.took = took + w.lag
	w.lag = 0
	w.tally.record(r.group, &out)
	w.opt.Progress.count(out.failed())
	if w.opt.Observer != nil {
		w.event.Took, w.event.Err = took, err
		w.tell(c, in, &out)
	}
	if out.status != 0 {
		if len(in.fields) > 0 {
			w.composer.keepCookies(c.url.Origin(), in)
		}
		if err := w.keep(r, in, out.status, err); err != nil {
			return err
		}
	}
	return w.rest(ctx, out.cause)
}

// keep remembers an answer whose head came, if the plan assigns it. err is what
// happened to its body.
func (w *worker) keep(r *request, in *reader, status int, err error) error {
	if r.Assign == "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the body to assign did not come whole: %s", summary(err))
	}
	w.composer.set(r.Assign, assigned(status, in))
	return nil
}

// ready gives the request as it is to be sent now, and the first half of the
// event where there is an observer.
func (w *worker) ready(r *request) (*call, error) {
	name := r.Name
	var err error
	if !r.Shown.Static() {
		name, err = r.Shown.Render(w.composer.scope, w.unknown)
	}
	var c *call
	if err == nil {
		c, err = w.composer.compose(r)
	}
	if w.opt.Observer == nil {
		return c, err
	}
	w.event = Event{Item: r.Request, Element: w.element, Iteration: w.event.Iteration, Name: name}
	switch {
	case c != nil:
		w.event.URL = c.shown
	case errors.Is(err, weburl.ErrScheme):
		w.event.URL = w.composer.call.shown
	}
	if c != nil && w.opt.Verbose {
		w.event.Method, w.event.Final = c.method, c.url.String()
		w.event.Sent = without(c.fields, "host", "accept", "content-length")
		w.opt.Observer.Begin(&w.event)
	}
	return c, err
}

// exchange sends a request's call, and those that redirects ask for, and gives
// the last one of them with the reader that holds its answer.
func (w *worker) exchange(ctx context.Context, c *call, r *request, out *outcome) (*call, *reader, error) {
	want := r.want
	first := ""
	for hop := 0; ; hop++ {
		want.head = c.method == "HEAD"
		conn := w.conn(c.route)
		if conn.nc == nil {
			waited, err := w.dialer.await(ctx, c.route)
			out.start = out.start.Add(waited)
			if err != nil {
				return c, &conn.in, err
			}
		}
		ans, sent, err := conn.do(ctx, &c.message, want, out.start)
		if sent {
			out.sent += int64(c.size)
		}
		out.received += ans.body
		var next *call
		if err == nil {
			next, err = w.redirect(c, ans.status, &conn.in, hop)
		}
		_, refused := err.(*redirectError)
		if (next != nil || refused) && !w.opt.CompatCookies {
			if first == "" {
				first = c.url.Origin()
			}
			w.composer.keepCookies(c.url.Origin(), &conn.in)
		}
		if next == nil {
			if !refused {
				out.status, out.body = ans.status, ans.body
			}
			return c, &conn.in, err
		}
		if !w.opt.CompatCookies && !slices.Contains(r.names, "cookie") {
			w.composer.showCookies(first, next)
		}
		next.seal(nil)
		c = next
	}
}

// tell completes the event, which knows its error, and hands it to the observer.
func (w *worker) tell(c *call, in *reader, out *outcome) {
	e := &w.event
	e.Status = out.status
	if e.Err != nil {
		e.Class = out.cause.String()
		e.Status = 0
	} else {
		e.FirstByte = in.first.Sub(out.start)
		if w.opt.Verbose {
			e.Final = c.url.String()
			in.each(func(name string, value []byte) { e.Answer = append(e.Answer, Field{name, string(value)}) })
			e.Body, e.HasBody = in.body, in.want.body
		}
	}
	w.opt.Observer.End(e)
}
