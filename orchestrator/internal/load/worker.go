package load

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

const (
	// After a connect that failed a worker waits, so that a target that is gone,
	// or a limit of this machine, does not make the load spin: 1 ms at first,
	// doubling up to 5 ms.
	firstBackoff = time.Millisecond
	maxBackoff   = 5 * time.Millisecond

	// maxServers is how many connections a worker keeps open: a plan whose
	// URLs hold variables may name ever other servers.
	maxServers = 16
)

// errStopped is the end of the context inside an iteration.
var errStopped = errors.New("the run has ended")

// worker runs iterations, one after the other.
type worker struct {
	*program
	composer composer
	tally    *tally
	lifeline lifeline
	conns    []*conn // one for each server, the one used last in front
	backoff  time.Duration
	event    Event
	element  int           // of the loop that the present request is one of, from 0
	lag      time.Duration // what the first request of the iteration is late

	iterations, broken int
	interrupted        bool // it stopped with work left
}

func newWorker(p *program, t *tally) *worker {
	return &worker{program: p, composer: newComposer(p), tally: t}
}

// run works until the schedule or the context ends.
func (w *worker) run(ctx context.Context, s *schedule) {
	defer func() {
		for _, c := range w.conns {
			c.close()
		}
	}()
	for {
		i, lag, ended, err := s.take(ctx)
		if ended {
			return
		}
		if err != nil || !w.iterate(ctx, i, lag) {
			w.interrupted = true
			return
		}
	}
}

// iterate carries the items out in order, up to one that breaks the iteration.
// It says whether the iteration came to an end.
func (w *worker) iterate(ctx context.Context, i int64, lag time.Duration) bool {
	w.lag = lag
	w.event = Event{Iteration: int(i)}
	number := ""
	if w.scoped {
		number = strconv.FormatInt(i, 10)
	}
	w.composer.begin(number)
	for k := range w.steps {
		err := w.step(ctx, &w.steps[k])
		if err == errStopped {
			return false
		}
		if err != nil {
			w.broken++
			w.mistakes.count(reason{k, w.steps[k].item.Title(), err.Error()})
			break
		}
	}
	w.iterations++
	return true
}

// step carries one item out. The error is errStopped, or breaks the iteration.
func (w *worker) step(ctx context.Context, s *step) (err error) {
	if s.request != nil {
		return w.each(ctx, s.request)
	}
	switch item := s.item.(type) {
	case *plan.Assign:
		w.composer.set(item.Key, item.Value)
	case *plan.Assert:
		err = w.assert(item, s.probe)
	case *plan.Delay:
		if pause(ctx, item.For) != nil {
			return errStopped
		}
	case *plan.Exec:
		if err = w.exec(ctx, item); over(ctx) {
			return errStopped
		}
	}
	if w.opt.Observer != nil {
		w.event = Event{Item: s.item, Iteration: w.event.Iteration, Name: s.item.Title(), Err: err}
		w.opt.Observer.End(&w.event)
	}
	return err
}

// assert says what is wrong with a variable, without the text that it holds:
// that may be a secret.
func (w *worker) assert(item *plan.Assert, probe vars.Text) error {
	text, err := probe.Render(w.composer.scope, nil)
	if err != nil || text == item.Value {
		return err
	}
	if isSecret(item.Key) {
		return fmt.Errorf("%s is not what the plan says", item.Key)
	}
	got := "another text"
	value, _ := w.composer.scope.Get(item.Key)
	switch value.(type) {
	case nil:
		got = "null"
	case bool, int, int64, uint64, float64:
		got = text
	case []any:
		got = "an array"
	case map[string]any:
		got = "an object"
	}
	if probe.Static() {
		got = "no name of a variable"
	}
	return fmt.Errorf("%s is %s, not %q", item.Key, got, item.Value)
}

// isSecret says whether a variable holds what nobody should read in a report:
// not even what it was expected to be.
func isSecret(key string) bool {
	path := strings.FieldsFunc(strings.ToLower(key), func(r rune) bool { return strings.ContainsRune(".[]", r) })
	return len(path) > 0 && (path[0] == "cookies" || plan.IsSecret(path[len(path)-1]))
}

func (w *worker) exec(ctx context.Context, item *plan.Exec) error {
	command, err := item.Command.Render(w.composer.scope, w.unknown)
	if err != nil {
		return err
	}
	out, err := bash(ctx, command, item.Assign != "")
	if err == nil && item.Assign != "" {
		w.composer.set(item.Assign, out)
	}
	return err
}

// over says whether the context has ended. A connect keeps to the context's
// deadline by itself, and may fail for it a moment before the context knows.
func over(ctx context.Context) bool {
	deadline, has := ctx.Deadline()
	return ctx.Err() != nil || has && !time.Now().Before(deadline)
}

// rest waits a little after a connect that failed, and after the next ones in
// a row a little longer. The error is errStopped.
func (w *worker) rest(ctx context.Context, cause class) error {
	if !cause.idle() {
		w.backoff = 0
		return nil
	}
	w.backoff = min(max(2*w.backoff, firstBackoff), maxBackoff)
	if pause(ctx, w.backoff) != nil {
		return errStopped
	}
	return nil
}

// conn gives the worker's connection to a server.
func (w *worker) conn(to *route) *conn {
	for i, c := range w.conns {
		if c.route.key == to.key {
			copy(w.conns[1:i+1], w.conns[:i])
			w.conns[0] = c
			return c
		}
	}
	if len(w.conns) == maxServers {
		w.conns[maxServers-1].close()
		w.conns = w.conns[:maxServers-1]
	}
	c := newConn(to, w.opt.Timeout, &w.dialer, &w.lifeline)
	w.conns = append([]*conn{c}, w.conns...)
	return c
}
