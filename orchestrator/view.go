package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// view shows what happens while it happens, on standard error: one line for
// each step and batch, and on a terminal a live bar per variant below them. It
// is safe for use by several goroutines.
type view struct {
	mu     sync.Mutex
	w      io.Writer
	quiet  bool
	design bench.Design
	bars   *bars // nil off a terminal
}

var _ lab.Observer = (*view)(nil)

// newView shows on w.
func newView(w io.Writer, quiet bool, d bench.Design) *view {
	v := &view{w: w, quiet: quiet, design: d}
	if !quiet && terminalWidth(w) > 0 {
		v.bars = newBars(w, d)
	}
	return v
}

// close takes the live part off the screen.
func (v *view) close() {
	if v.bars != nil {
		v.bars.close()
	}
}

// line prints a step. Steps begin with a word of what they are about.
func (v *view) line(head, format string, args ...any) {
	if !v.quiet {
		v.print(plain.Line(fmt.Sprintf("%-10s ", head) + fmt.Sprintf(format, args...)))
	}
}

// warn prints also where progress is not wanted.
func (v *view) warn(text string) { v.print("warning: " + text) }

// print shows a text, which may quote what an engine or a variant says.
func (v *view) print(text string) {
	text = plain.Text(text)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.bars != nil {
		v.bars.above(text)
		return
	}
	fmt.Fprintln(v.w, text)
}

// broken prints the end of the log of a build that failed, where it was not shown
// line by line.
func (v *view) broken(err error) {
	var failed *engine.BuildError
	if !v.quiet || !errors.As(err, &failed) {
		return
	}
	for _, line := range plain.LastWords(failed.Log) {
		v.print(failed.Variant + " | " + line)
	}
}

// logger is for what the engines have to say beside errors.
func (v *view) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(viewWriter{v}, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: onlyText}))
}

// onlyText leaves what an error says: as it is, one of a library's may print the
// stack of its origin with it.
func onlyText(_ []string, a slog.Attr) slog.Attr {
	if err, ok := a.Value.Any().(error); ok {
		a.Value = slog.StringValue(err.Error())
	}
	return a
}

// viewWriter lets a logger print whole lines through the view.
type viewWriter struct{ v *view }

func (w viewWriter) Write(p []byte) (int, error) {
	w.v.print(strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}

// header says what is going to be done.
func (v *view) header(d bench.Design, p bench.Plan, known experience) {
	for _, line := range headerLines(d, p, known) {
		if !v.quiet {
			v.print(plain.Line(line))
		}
	}
}

// headerLines describes plan and design; --dry-run prints them too.
func headerLines(d bench.Design, p bench.Plan, known experience) []string {
	var bodies []string
	for _, item := range p.Items {
		body := fmt.Sprintf("%s %s", plain.Name(item.Name), words.Body(int64(item.BodyBytes)))
		if item.Times > 1 {
			body += fmt.Sprintf(" × %s", words.Count(item.Times))
		}
		bodies = append(bodies, body)
	}
	tags := "no tags"
	if len(p.Tags) > 0 {
		tags = "tags " + strings.Join(p.Tags, ",")
	}
	var variants []string
	for _, v := range d.Variants {
		variants = append(variants, v.Name)
	}
	pace := fmt.Sprintf("%d at a time", p.Concurrency)
	if p.ArrivalRate > 0 {
		pace = fmt.Sprintf("%g iterations a second, at most %s", p.ArrivalRate, pace)
	}
	who := strings.Join(variants, ", ")
	if len(variants) > 1 {
		who = fmt.Sprintf("%s %s, against %s", who, cmp.Or(d.Mode, bench.Together), d.Baseline)
	}
	lines := []string{
		fmt.Sprintf("plan       %s · %s · %s requests a batch (%s), %s      sha256 %.12s",
			p.File, tags, words.Count(p.Iterations*p.PerIteration()), strings.Join(bodies, ", "), pace, p.SHA256),
		fmt.Sprintf("design     %s · %s × %s · pause %v · idle %v · sleep %v · %d workers, %s · %s · seed %d",
			who, words.Plural(d.Rounds, "round", "rounds"), words.Plural(d.Batches, "batch", "batches"), d.Pause, d.Idle, d.Sleep, d.Workers, d.Threads, d.Transport, d.Seed),
	}
	if d.MemoryLimit > 0 {
		lines = append(lines, fmt.Sprintf("limit      %.0f MiB of memory for each container", d.MemoryLimit.MiB()))
	}
	if d.Quick {
		lines = append(lines, "quick      a preset for a first look: indicative")
	}
	if text := shows(d, known); text != "" {
		lines = append(lines, "shows      "+text)
	}
	if d.Until > 0 {
		lines = append(lines, fmt.Sprintf("for        %v: %s, about %v %s; rounds that do not fit are left out",
			d.Until, words.Plural(d.Rounds, "round", "rounds"), lab.Duration(d, known.batchOf(d, p)).Round(10*time.Second), known.paceFrom()))
	}
	return lines
}

// Engine shows which engine answers.
func (v *view) Engine(info engine.Info) {
	text := info.String()
	if info.Storage != "" {
		text += " · " + info.Storage
	}
	v.line("engine", "%s", text)
}

// Preparing shows the steps of the images and the lines of their logs.
func (v *view) Preparing(p engine.Progress) {
	switch p.Event {
	case engine.Building:
		v.line("image", "%s: %s", p.Variant, p.Text)
	case engine.Log:
		// Docker's notes on its layers say nothing to people.
		line := plain.Log(p.Text)
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "--->") && !strings.HasPrefix(text, "Removing intermediate") {
			v.line("", "%s | %s", p.Variant, line)
		}
	case engine.Built:
		v.line("image", "%s: built in %.0f s %s", p.Variant, p.Took.Seconds(), p.Text)
	case engine.Reused:
		v.line("image", "%s: nothing changed, reused %s", p.Variant, p.Text)
	}
}

// Round shows that a round begins, and how much is still to come.
func (v *view) Round(r lab.Round, of int, left time.Duration) {
	if of == 1 && r.Repeats == 0 {
		return
	}
	text := fmt.Sprintf("%d/%d", r.Number, of)
	switch {
	case r.Repeats > 0:
		text = fmt.Sprintf("%d, in place of round %d", r.Number, r.Repeats)
	case r.Number > of:
		text = fmt.Sprintf("%d, for there is time", r.Number)
	}
	if left > 0 {
		text += fmt.Sprintf(" · about %v left", max(left.Round(10*time.Second), 10*time.Second))
	}
	v.line("round", "%s", text)
}

// Proved shows which allocator a variant runs.
func (v *view) Proved(variant string, _ int, instance string, p bench.Proof) {
	arenas := ""
	if p.Arenas > 0 {
		arenas = fmt.Sprintf(", %d arenas", p.Arenas)
	}
	v.line("proof", "%s runs %s %s, %s%s · as %s", variant, p.Allocator, p.Version, p.Linkage, arenas, instance)
}

// Phase shows that a phase begins.
func (v *view) Phase(variant string, round int, p bench.Phase) {
	if v.bars != nil {
		return // the bar says it
	}
	switch p.Kind {
	case bench.PhaseWarmup:
		v.line(variant, "round %d, warm-up", round)
	case bench.PhaseBatch:
		v.line(variant, "round %d batch %d/%d begins", round, p.Batch, v.design.Batches)
	case bench.PhasePause:
		v.line(variant, "round %d pause %v", round, v.design.Pause)
	case bench.PhaseIdle:
		v.line(variant, "round %d idle %v", round, v.design.Idle)
	}
}

// Batch shows the outcome of a batch.
func (v *view) Batch(variant string, round int, b bench.Batch, highest bench.Bytes) {
	v.line(variant, "round %d batch %d/%d: %s requests in %.1f s, %d failed, peak %.0f MiB, p50 %s, p99 %s",
		round, b.Number, v.design.Batches, words.Count(b.Requests), (b.End - b.Start).Seconds(), b.Failed, highest.MiB(),
		b.Latency.P50.Round(time.Millisecond), b.Latency.P99.Round(time.Millisecond))
	switch {
	case b.Useless():
		v.warn(fmt.Sprintf("%s, round %d batch %d: %s", variant, round, b.Number, report.AllFailed(b)))
	case b.Failed > 0 && !b.Interrupted:
		v.line(variant, "round %d batch %d/%d: failed were %s", round, b.Number, v.design.Batches, report.Failures(b.Errors))
	}
}

// Status moves the bar.
func (v *view) Status(s lab.Status) {
	if v.bars != nil {
		v.bars.update(s)
	}
}

// Ended shows why a trial came to an early end.
func (v *view) Ended(t bench.Trial) {
	if t.Error != "" {
		v.warn(fmt.Sprintf("%s, round %d: %s", t.Variant, t.Round, t.Error))
	}
	if v.bars != nil {
		v.bars.done(trialKey{t.Variant, t.Round})
	}
}

// Note shows something else.
func (v *view) Note(text string) { v.line("note", "%s", text) }
