package chart

import (
	"fmt"
	"strings"
)

// Key draws the mark of the row of that index alone, for a list or a table: a
// picture without a text of its own, for the variant's name stands beside it.
func Key(index int) string {
	p := &pen{}
	p.mark(index, 0, 0)
	return fmt.Sprintf(`<svg class="chart key" viewBox="-6 -6 12 12" width="12" height="12" aria-hidden="true"><g class="%s">%s</g></svg>`,
		class(index), strings.TrimSpace(p.String()))
}

// Dash gives the pattern of the line of the row of that index, as stroke-dasharray
// has it; "" is a line without gaps.
func Dash(index int) string { return dashes[index%len(dashes)] }
