package console

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/watch"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// bars is the live part of the view: a bar per trial with requests done,
// memory now and lately, failures and time left.
//
// mpb draws on a goroutine of its own, which asks for the texts of a bar while it
// may be moved: the texts have a lock of their own, never held over a call of
// mpb.
type bars struct {
	mu       sync.Mutex
	w        io.Writer
	terminal io.Writer     // what w is, for a library that must know
	progress *mpb.Progress // nil while no trial runs
	of       map[store.Of]*bar
}

// bar is the line of one trial.
type bar struct {
	mpb *mpb.Bar

	mu     sync.Mutex // guards what follows
	status watch.Standing
	lately []bench.Bytes // memory at intervals, oldest first
	next   time.Time     // of the interval
}

const (
	historyLength = 8
	historyEvery  = 4 * time.Second
	refreshEvery  = 100 * time.Millisecond
)

func newBars(w, terminal io.Writer) *bars {
	return &bars{w: w, terminal: terminal, of: map[store.Of]*bar{}}
}

// above prints a line over the bars.
func (b *bars) above(text string) {
	b.mu.Lock()
	progress := b.progress
	b.mu.Unlock()
	if progress == nil {
		fmt.Fprintln(b.w, text)
		return
	}
	// A closed container refuses; then the line goes out as it is.
	if _, err := progress.Write([]byte(text + "\n")); err != nil {
		fmt.Fprintln(b.w, text)
	}
}

// update moves a trial's bar, which is made at its first status.
func (b *bars) update(s watch.Standing) {
	b.mu.Lock()
	defer b.mu.Unlock()
	line := b.of[s.Of]
	if line == nil {
		if b.progress == nil {
			b.progress = mpb.New(mpb.WithOutput(b.terminal), mpb.WithAutoRefresh(), mpb.WithRefreshRate(refreshEvery))
		}
		line = &bar{status: s}
		b.of[s.Of] = line
		line.mpb = b.progress.New(int64(s.Total), mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("╸").Padding("─"),
			mpb.BarWidth(28),
			mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return line.read(barHead) }, decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return line.read(barTail) }, decor.WCSyncSpace)),
		)
	}
	line.set(s)
	// A bar at its total would be complete for good; the trial may go on.
	line.mpb.SetCurrent(int64(min(s.Done, s.Total-1)))
}

// set takes over a status.
func (line *bar) set(s watch.Standing) {
	line.mu.Lock()
	defer line.mu.Unlock()
	line.status = s
	if now := time.Now(); now.After(line.next) {
		line.next = now.Add(historyEvery)
		line.lately = append(line.lately, s.Memory)
		if len(line.lately) > historyLength {
			line.lately = line.lately[1:]
		}
	}
}

func (line *bar) read(text func(*bar) string) string {
	line.mu.Lock()
	defer line.mu.Unlock()
	return text(line)
}

func barHead(line *bar) string {
	s := line.status
	where := s.Phase
	if s.Phase == bench.PhaseBatch {
		where = fmt.Sprintf("batch %d/%d", s.Batch, s.Batches)
	}
	return fmt.Sprintf("%s %s %s", plain.Name(s.Of.Variant), s.Round, where)
}

func barTail(line *bar) string {
	s := line.status
	left := ""
	if s.Left > 0 {
		left = fmt.Sprintf("%d:%02d left", int(s.Left.Minutes()), int(s.Left.Seconds())%60)
	}
	return fmt.Sprintf("%s/%s %5.0f MiB %-*s %d failed %s", words.Count(s.Done), words.Count(s.Total), s.Memory.MiB(),
		historyLength, sparkline(line.lately), s.Failed, left)
}

// sparkline draws values as blocks between 0 and the highest of them.
func sparkline(values []bench.Bytes) string {
	blocks := []rune("▁▂▃▄▅▆▇█")
	var most bench.Bytes = 1
	for _, v := range values {
		most = max(most, v)
	}
	var s strings.Builder
	for _, v := range values {
		s.WriteRune(blocks[int(v*bench.Bytes(len(blocks)-1)/most)])
	}
	return s.String()
}

// done takes a trial's bar away, and the live part with the last of them.
func (b *bars) done(key store.Of) {
	b.mu.Lock()
	line := b.of[key]
	delete(b.of, key)
	var last *mpb.Progress
	if len(b.of) == 0 {
		last, b.progress = b.progress, nil
	}
	b.mu.Unlock()
	if line != nil {
		line.mpb.Abort(true)
	}
	if last != nil {
		last.Wait()
	}
}

// close takes all bars away.
func (b *bars) close() {
	b.mu.Lock()
	keys := slices.Collect(maps.Keys(b.of))
	b.mu.Unlock()
	for _, key := range keys {
		b.done(key)
	}
}
