package report

import (
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/layout"
)

// The words of package layout, which this one uses in every second line.
const (
	green  = layout.Green
	red    = layout.Red
	yellow = layout.Yellow
	bold   = layout.Bold
	reset  = layout.Reset

	gap = layout.Gap
)

func width(text string) int                              { return layout.Width(text) }
func left(text string, n int) string                     { return layout.Left(text, n) }
func right(text string, n int) string                    { return layout.Right(text, n) }
func wrap(b *strings.Builder, head, text string, at int) { layout.Wrap(b, head, text, at) }
