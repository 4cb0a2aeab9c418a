package layout

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// Gap is the space between two columns of a text table.
const Gap = "  "

// Grid is a table of words that are fit to be drawn.
type Grid struct {
	Head []string
	Rows [][]string
	// Left is how many columns, the first ones, have their words to the left; those
	// after them are figures and have them to the right.
	Left int
}

// Plain draws the grid for a terminal: no lines, two spaces between
// columns. Lines carry no space at their ends.
func (g Grid) Plain() (string, error) {
	var b strings.Builder
	r := renderer.NewBlueprint(tw.Rendition{
		Borders:  tw.BorderNone,
		Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
	})
	err := g.write(&b, r, tablewriter.WithPadding(tw.Padding{Right: Gap, Overwrite: true}))
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n"), err
}

// Markdown draws the grid as a table of Markdown. Its words are escaped already.
func (g Grid) Markdown(w io.Writer) error { return g.write(w, renderer.NewMarkdown()) }

// write draws the grid with the given renderer. All that the table library would
// do to the words is turned off: it upper-cases heads, wraps cells, and takes
// signs such as × for two columns wide in some locales.
func (g Grid) write(w io.Writer, r tw.Renderer, options ...tablewriter.Option) error {
	cells := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  g.alignments(),
	}
	table := tablewriter.NewTable(w, append([]tablewriter.Option{
		tablewriter.WithRenderer(r),
		tablewriter.WithConfig(tablewriter.Config{Header: cells, Row: cells, Behavior: tw.Behavior{TrimSpace: tw.Off}}),
		tablewriter.WithEastAsian(tw.Off),
	}, options...)...)
	table.Header(g.Head)
	if err := table.Bulk(g.Rows); err != nil {
		return fmt.Errorf("lay out the table: %w", err)
	}
	if err := table.Render(); err != nil {
		return fmt.Errorf("lay out the table: %w", err)
	}
	return nil
}

// alignments of a table: the first columns to the left, figures to the right.
func (g Grid) alignments() tw.CellAlignment {
	per := make([]tw.Align, len(g.Head))
	for i := range per {
		per[i] = tw.AlignRight
		if i < g.Left {
			per[i] = tw.AlignLeft
		}
	}
	return tw.CellAlignment{PerColumn: per}
}
