package console

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// Live shows how far a run is, beside what it prints: on a terminal in one line
// that is drawn over again, elsewhere in a plain line now and then. It is safe
// for use by several goroutines.
type Live struct {
	out   io.Writer
	width int // of the terminal; 0: plain lines
	goal  Goal
	run   *load.Progress
	begun time.Time

	mu    sync.Mutex // guards out and shown
	shown bool       // a line is on the screen

	past []mark // of the last seconds, oldest first; of the drawing goroutine alone
	stop chan struct{}
	done chan struct{}
}

// Goal is what ends a run, whichever comes first.
type Goal struct {
	Requests int           // 0: no limit
	Duration time.Duration // 0: no limit
}

// mark is how far a run was at a time.
type mark struct {
	at   time.Time
	done int
}

// How often a line is drawn or printed, and over which time the rate shown is
// taken.
const (
	drawEvery  = 250 * time.Millisecond
	tellEvery  = 10 * time.Second
	rateWindow = 2 * time.Second
)

// ProgressMode is how to show how far a run is.
type ProgressMode string

const (
	progressAuto  = "auto"  // a line that is drawn over; off a terminal as with plain
	progressPlain = "plain" // a line every ten seconds
	progressNone  = "none"
)

// ProgressModes lists the modes, the default first.
func ProgressModes() []string { return []string{progressAuto, progressPlain, progressNone} }

// Width gives the width for Live.Start on w: 0 means plain lines. Where nothing is
// to be shown, show is false. On a terminal that is flooded by the lines of items
// there is no room for a line that stays.
func (m ProgressMode) Width(w io.Writer, flooded bool) (width int, show bool) {
	switch {
	case m == progressNone:
		return 0, false
	case m == progressPlain || !IsTerminal(w):
		return 0, true
	}
	return cmp.Or(Width(w), 80), !flooded // some terminals do not tell their width
}

// NewLive makes a Live that only prints lines, until Start.
func NewLive(out io.Writer) *Live { return &Live{out: out} }

// Start begins to show a run, on a terminal of that width or with 0 in plain
// lines. Stop has to be called.
func (l *Live) Start(run *load.Progress, goal Goal, width int) {
	l.run, l.goal, l.width = run, goal, width
	l.begun = time.Now()
	l.past = []mark{{at: l.begun}}
	l.stop, l.done = make(chan struct{}), make(chan struct{})
	go l.show()
}

// Stop ends what Start began, and takes the line off the screen.
func (l *Live) Stop() {
	if l.stop == nil {
		return
	}
	close(l.stop)
	<-l.done
	l.stop = nil
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
}

// Line prints a line, above the one that is drawn over. It is fit to be printed
// already, for it may have colours of its own.
func (l *Live) Line(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
	fmt.Fprintln(l.out, text)
}

// Warn prints warnings, each as a line.
func (l *Live) Warn(texts ...string) {
	for _, text := range texts {
		l.Line(plain.Text("warning: " + text))
	}
}

// clear takes the drawn line away; mu is held.
func (l *Live) clear() {
	if l.shown {
		fmt.Fprint(l.out, "\r\x1b[K")
		l.shown = false
	}
}

func (l *Live) show() {
	defer close(l.done)
	every := tellEvery
	if l.width > 0 {
		every = drawEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case now := <-tick.C:
			text := l.status(now)
			if l.width == 0 {
				l.Line(text)
				continue
			}
			l.mu.Lock()
			// One write, so that the line does not flicker.
			fmt.Fprint(l.out, "\r\x1b[K"+cut(text, l.width-1))
			l.shown = true
			l.mu.Unlock()
		}
	}
}

// status says how far the run is.
func (l *Live) status(now time.Time) string {
	done := l.run.Done()
	for len(l.past) > 1 && now.Sub(l.past[1].at) >= rateWindow {
		l.past = l.past[1:]
	}
	first := l.past[0]
	l.past = append(l.past, mark{now, done})
	p99 := "–"
	if h := l.run.Latency(); h.N() > 0 { // nothing may have been answered yet
		p99 = digits(h.Quantile(0.99))
	}
	parts := []string{
		l.goal.share(done),
		fmt.Sprintf("%.0f/s", rate(done-first.done, now.Sub(first.at))),
		"p99 " + p99,
		fmt.Sprintf("%d failed", l.run.Failed()),
	}
	if late, dropped := l.run.Late(), l.run.Dropped(); late+dropped > 0 {
		parts = append(parts, fmt.Sprintf("%d late, %d dropped", late, dropped))
	}
	if left, ok := l.goal.left(done, now.Sub(l.begun)); ok {
		parts = append(parts, clock(left)+" left")
	}
	return strings.Join(parts, "   ")
}

// share writes how much is done, and of how much.
func (g Goal) share(done int) string {
	if g.Requests == 0 {
		return fmt.Sprintf("%d requests", done)
	}
	return fmt.Sprintf("%d/%d requests", done, g.Requests)
}

// left guesses the time to the end.
func (g Goal) left(done int, passed time.Duration) (left time.Duration, ok bool) {
	if g.Requests > 0 && done > 0 {
		left, ok = time.Duration(float64(passed)*float64(max(0, g.Requests-done))/float64(done)), true
	}
	if g.Duration > 0 {
		if until := max(0, g.Duration-passed); !ok || until < left {
			left, ok = until, true
		}
	}
	return left, ok
}

// clock writes a time as minutes and seconds.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
