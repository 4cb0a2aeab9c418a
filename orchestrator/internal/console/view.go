package console

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// View shows an experiment while it happens, from its records: one line for
// each step and batch, and on a terminal a live bar per trial below them. It is
// safe for use by several goroutines.
type View struct {
	quiet bool

	printing sync.Mutex // guards what follows
	w        io.Writer
	bars     *bars // nil off a terminal

	mu     sync.Mutex // guards what follows
	header store.Header
	rounds int // that were asked for at first
	trials map[store.Of]*running
	names  map[int]string // of rounds, by number
}

// NewView shows on w; quiet shows warnings alone. With terminal, which is what
// w is then, there are bars.
func NewView(w io.Writer, quiet bool, terminal io.Writer) *View {
	v := &View{w: w, quiet: quiet, trials: map[store.Of]*running{}, names: map[int]string{}}
	if !quiet && terminal != nil {
		v.bars = newBars(w, terminal)
	}
	return v
}

// Close takes the live part off the screen.
func (v *View) Close() {
	if v.bars != nil {
		v.bars.close()
	}
}

// Line prints a step, which begins with a word of what it is about.
func (v *View) Line(head, format string, args ...any) {
	if !v.quiet {
		v.Print(plain.Line(fmt.Sprintf("%-10s ", head) + fmt.Sprintf(format, args...)))
	}
}

// Warn prints also where progress is not wanted.
func (v *View) Warn(text string) { v.Print("warning: " + text) }

// Print shows a text, which may quote what an engine or a variant says.
func (v *View) Print(text string) {
	text = plain.Text(text)
	v.printing.Lock()
	defer v.printing.Unlock()
	if v.bars != nil {
		v.bars.above(text)
		return
	}
	fmt.Fprintln(v.w, text)
}

// Broken prints the end of the log of a build that failed, where it was not shown
// line by line.
func (v *View) Broken(variant string, log []string) {
	if !v.quiet {
		return
	}
	for _, line := range plain.LastWords(log) {
		v.Print(variant + " | " + line)
	}
}

// Logger is for what engines have to say beside errors.
func (v *View) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(viewWriter{v}, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: textAlone}))
}

// textAlone leaves what an error says: as it is, one of a library's may print the
// stack of its origin with it.
func textAlone(_ []string, a slog.Attr) slog.Attr {
	if err, ok := a.Value.Any().(error); ok {
		a.Value = slog.StringValue(err.Error())
	}
	return a
}

// viewWriter lets a logger print whole lines through the view.
type viewWriter struct{ v *View }

func (w viewWriter) Write(p []byte) (int, error) {
	w.v.Print(strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}

// Read shows a record.
func (v *View) Read(r store.Record) {
	switch what := r.What.(type) {
	case store.Engine:
		text := what.Text
		if what.Storage != "" {
			text += " · " + what.Storage
		}
		v.Line("engine", "%s", text)
	case store.Step:
		v.step(what)
	case store.Header:
		v.begin(what)
	case store.Round:
		v.round(what)
	case bench.Proof:
		v.proved(r.Of, what)
	case store.Ended:
		v.ended(r.Of, what)
	case bench.LeftOut:
		if what.Round > 0 { // otherwise it has been told
			v.leftOut(what)
		}
	case store.Judged:
		v.judged(what)
	case bench.Warning:
		// Those of the plan have been shown before anything began, and those of a
		// trial stand in the report, at their figures.
		if r.Of == (store.Of{}) && what.Code != store.CodePlan {
			v.Line("note", "%s", what.Text)
		}
	case store.Note:
		v.Line("note", "%s", what.Text)
	default:
		v.follow(r)
	}
}

// step shows a step of the images, and the lines of their logs.
func (v *View) step(s store.Step) {
	switch s.Kind {
	case store.StepBuilding:
		v.Line("image", "%s: %s", s.Variant, s.Text)
	case store.StepLog:
		// Docker's notes on its layers say nothing to people.
		line := plain.Log(s.Text)
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "--->") && !strings.HasPrefix(text, "Removing intermediate") {
			v.Line("", "%s | %s", s.Variant, line)
		}
	case store.StepBuilt:
		v.Line("image", "%s: built in %.0f s %s", s.Variant, s.Took.Seconds(), s.Text)
	case store.StepFailed:
		v.Warn(fmt.Sprintf("%s is left out: %s", s.Variant, s.Text))
	case store.StepReused:
		v.Line("image", "%s: nothing changed, reused %s", s.Variant, s.Text)
	}
}

func (v *View) begin(h store.Header) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.header = h
	if v.rounds == 0 {
		v.rounds = h.Design.Rounds
	}
}

// design gives the design as it is known.
func (v *View) design() bench.Design {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.header.Design
}

// round shows that a round begins, and how much is still to come.
func (v *View) round(r store.Round) {
	v.mu.Lock()
	of := v.rounds
	v.names[r.Number] = bench.RoundName(r.Number, r.Turn, r.Group)
	v.mu.Unlock()
	if of == 1 && r.Repeats == 0 && r.Groups == 0 {
		return
	}
	text := fmt.Sprintf("%d/%d", r.Number, of)
	switch {
	case r.Groups > 0:
		text = fmt.Sprintf("%d/%d, group %d/%d: %s", r.Turn, max(of, r.Turn), r.Group, r.Groups, strings.Join(r.Order, ", "))
		if r.Repeats > 0 {
			text += ", once more"
		}
	case r.Repeats > 0:
		text = fmt.Sprintf("%d, in place of round %d", r.Number, r.Repeats)
	case r.Number > of:
		text = fmt.Sprintf("%d, as there is time", r.Number)
	}
	if r.Left > 0 {
		text += fmt.Sprintf(" · about %v left", max(r.Left.Round(10*time.Second), 10*time.Second))
	}
	v.Line("round", "%s", text)
}

// named is what people call the round of a number.
func (v *View) named(number int) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return cmp.Or(v.names[number], bench.RoundName(number, 0, 0))
}

func (v *View) inGroups() bool { return v.design().Groups != nil }

// leftOut shows that the run goes on without a variant.
func (v *View) leftOut(out bench.LeftOut) {
	text := fmt.Sprintf("%s is left out: %s", out.Variant, out.Why)
	if out.Advice != "" {
		text += " (" + out.Advice + ")"
	}
	v.Warn(text)
}

// proved shows which allocator a variant runs.
func (v *View) proved(of store.Of, p bench.Proof) {
	v.mu.Lock()
	container := ""
	if t := v.trials[of]; t != nil {
		container = t.Container()
	}
	v.mu.Unlock()
	arenas := ""
	if p.Arenas > 0 {
		arenas = fmt.Sprintf(", %d arenas", p.Arenas)
	}
	v.Line("proof", "%s runs %s, %s%s · as %s", of.Variant, strings.TrimSpace(p.Allocator+" "+p.Version), p.Linkage, arenas, container)
}

// phase shows that a phase begins.
func (v *View) phase(of store.Of, p bench.Phase) {
	if v.bars != nil {
		return // the bar says it
	}
	d := v.design()
	switch p.Kind {
	case bench.PhaseWarmup:
		v.Line(of.Variant, "%s, warm-up", v.named(of.Round))
	case bench.PhaseBatch:
		v.Line(of.Variant, "%s batch %d/%d begins", v.named(of.Round), p.Batch, d.Batches)
	case bench.PhasePause:
		v.Line(of.Variant, "%s pause %v", v.named(of.Round), d.Pause)
	case bench.PhaseIdle:
		v.Line(of.Variant, "%s idle %v", v.named(of.Round), d.Idle)
	}
}

// batch shows the outcome of a batch.
func (v *View) batch(of store.Of, b bench.Batch, highest bench.Bytes) {
	name := fmt.Sprintf("%s batch %d/%d", v.named(of.Round), b.Number, v.design().Batches)
	v.Line(of.Variant, "%s: %s requests in %.1f s, %d failed, peak %.0f MiB, p50 %s, p99 %s",
		name, words.Count(b.Requests), (b.End - b.Start).Seconds(), b.Failed, highest.MiB(),
		b.Latency.P50.Round(time.Millisecond), b.Latency.P99.Round(time.Millisecond))
	switch {
	case b.Useless():
		v.Warn(fmt.Sprintf("%s, %s batch %d: %s", of.Variant, v.named(of.Round), b.Number, report.AllFailed(b)))
	case b.Failed > 0 && !b.Interrupted:
		v.Line(of.Variant, "%s: failed were %s", name, report.Failures(b.Errors))
	}
}

// ended shows why a trial came to an early end.
func (v *View) ended(of store.Of, e store.Ended) {
	v.mu.Lock()
	delete(v.trials, of)
	v.mu.Unlock()
	if e.Error != "" {
		v.Warn(fmt.Sprintf("%s, %s: %s", of.Variant, v.named(of.Round), e.Error))
	}
	if v.bars != nil {
		v.bars.done(of)
	}
}

// judged shows that a round does not count.
func (v *View) judged(j store.Judged) {
	if j.Void == "" {
		return
	}
	text := fmt.Sprintf("%s does not count: %s", v.named(j.Round), j.Void)
	switch {
	case j.Again > 0 && v.inGroups():
		text += "; it is repeated at the end of its round"
	case j.Again > 0:
		text += fmt.Sprintf("; it is repeated as round %d", j.Again)
	}
	v.Line("note", "%s", text)
}
