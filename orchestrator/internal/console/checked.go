package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/layout"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// Check is what became of a variant that was built and proved without a load.
type Check struct {
	Variant bench.Variant
	Proof   bench.Proof
	Notes   []bench.Warning
	Err     error // nil: it is proved
	Took    time.Duration
}

// Checked says in lines what became of a variant of a design. taken are the knobs
// that were set, as they were read back.
func Checked(d bench.Design, c Check, taken []string) []string {
	wide := 0
	for _, v := range d.Variants {
		wide = max(wide, layout.Width(v.Name))
	}
	head := layout.Left(c.Variant.Name, wide)
	if c.Err != nil {
		lines := strings.Split(plain.Text(c.Err.Error()), "\n")
		lines[0] = head + "  failed: " + lines[0]
		if advice := hint.Of(c.Err); advice != "" {
			lines = append(lines, "  hint: "+plain.Line(advice))
		}
		return lines
	}
	p := c.Proof
	parts := []string{strings.TrimSpace(p.Allocator + " " + p.Version), p.Linkage}
	if !strings.HasPrefix(p.Libc, p.Allocator) {
		parts = append(parts, p.Libc)
	}
	parts = append(parts, taken...)
	for i := range parts {
		parts[i] = plain.Name(parts[i])
	}
	lines := []string{fmt.Sprintf("%s  %s · %.1f s", head, strings.Join(parts, ", "), c.Took.Seconds())}
	for _, n := range c.Notes {
		lines = append(lines, "  note: "+plain.Line(n.Text))
	}
	return lines
}
