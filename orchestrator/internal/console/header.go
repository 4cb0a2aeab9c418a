package console

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Header describes plan and design in lines that a terminal may have; --dry-run
// prints them too.
func Header(d bench.Design, p bench.Plan, known design.Experience) []string {
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
	if d.Groups != nil {
		lines = append(lines, fmt.Sprintf("groups     %d a round, one after the other, each with %s; about %v %s",
			design.GroupCount(d), d.Baseline, design.Expected(d, known.BatchOf(d, p)).Round(10*time.Second), known.PaceFrom()))
	}
	if d.Quick {
		lines = append(lines, "quick      a preset for a first look: indicative")
	}
	if text := design.Shows(d, known); text != "" {
		lines = append(lines, "shows      "+text)
	}
	if d.Until > 0 {
		lines = append(lines, fmt.Sprintf("for        %v: %s, about %v %s; rounds that do not fit are left out",
			d.Until, words.Plural(d.Rounds, "round", "rounds"), design.Duration(d, known.BatchOf(d, p)).Round(10*time.Second), known.PaceFrom()))
	}
	for i := range lines {
		lines[i] = plain.Line(lines[i])
	}
	return lines
}
