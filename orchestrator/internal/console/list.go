package console

import (
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// Tags prints the tags of a plan, and says whether the plan has any items.
func (p *Printer) Tags(l *plan.Listing) bool {
	p.print(func(b []byte) []byte { return append(b, '\n') })
	if len(l.Tags) == 0 && len(l.Tasks) == 0 {
		p.noItems()
		return false
	}
	p.print(func(b []byte) []byte { return p.listed(b, "Tags", l.Tags) })
	return true
}

// Tasks prints items, each a piece of YAML, behind the tags they were chosen by:
// nil where none were asked for. It says whether there are any items.
func (p *Printer) Tasks(tasks, tags, skipTags []string) bool {
	p.print(func(b []byte) []byte {
		b = append(b, '\n')
		if tags != nil {
			b = p.listed(b, "Tags", tags)
		}
		if skipTags != nil {
			b = p.listed(b, "Skip-Tags", skipTags)
		}
		for _, task := range tasks {
			b = append(append(b, plain.Lines(task)...), "\n\n"...)
		}
		return b
	})
	if len(tasks) == 0 {
		p.noItems()
	}
	return len(tasks) > 0
}

func (p *Printer) noItems() {
	p.print(func(b []byte) []byte { return append(p.text(b, red, "No items"), '\n') })
}

// listed writes a sorted list, each text once.
func (p *Printer) listed(b []byte, label string, texts []string) []byte {
	b = append(p.padded(b, green, label, listWidth), ' ')
	texts = slices.Compact(slices.Sorted(slices.Values(texts)))
	return append(appendDebugList(b, texts), '\n')
}
