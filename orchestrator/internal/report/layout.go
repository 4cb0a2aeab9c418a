package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// gap is the space between two columns of a text table.
const gap = "  "

// alignments of a table: the first column to the left, figures to the right.
func alignments(columns int) tw.CellAlignment {
	per := make([]tw.Align, columns)
	for i := range per {
		per[i] = tw.AlignRight
	}
	if columns > 0 {
		per[0] = tw.AlignLeft
	}
	return tw.CellAlignment{PerColumn: per}
}

// grid is a table of words that are fit to be drawn.
type grid struct {
	head []string
	rows [][]string
}

// write draws the grid with the given renderer. All that the table library would
// do to the words is turned off: it upper-cases heads, wraps cells, and takes
// signs such as × for two columns wide in some locales.
func (g grid) write(w io.Writer, r tw.Renderer, options ...tablewriter.Option) error {
	cells := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  alignments(len(g.head)),
	}
	table := tablewriter.NewTable(w, append([]tablewriter.Option{
		tablewriter.WithRenderer(r),
		tablewriter.WithConfig(tablewriter.Config{Header: cells, Row: cells, Behavior: tw.Behavior{TrimSpace: tw.Off}}),
		tablewriter.WithEastAsian(tw.Off),
	}, options...)...)
	table.Header(g.head)
	if err := table.Bulk(g.rows); err != nil {
		return fmt.Errorf("lay out the table: %w", err)
	}
	if err := table.Render(); err != nil {
		return fmt.Errorf("lay out the table: %w", err)
	}
	return nil
}

// plain draws the grid for a terminal: no lines, two spaces between
// columns. Lines carry no space at their ends.
func (g grid) plain() (string, error) {
	var b strings.Builder
	r := renderer.NewBlueprint(tw.Rendition{
		Borders:  tw.BorderNone,
		Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
	})
	err := g.write(&b, r, tablewriter.WithPadding(tw.Padding{Right: gap, Overwrite: true}))
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n"), err
}

// width counts the columns that text takes on a terminal.
func width(text string) int { return plain.Width(text) }

// left and right fill text with spaces up to n columns.
func left(text string, n int) string  { return text + strings.Repeat(" ", max(0, n-width(text))) }
func right(text string, n int) string { return strings.Repeat(" ", max(0, n-width(text))) + text }

// units stay on the line of their number.
var unitWords = map[string]bool{"%": true, "MiB": true, "GiB": true, "kB": true, "MB": true, "B": true, "s": true, "ms": true, "µs": true, "min": true}

// wordsOf splits text at spaces, a unit joined to its number.
func wordsOf(text string) []string {
	var all []string
	for word := range strings.FieldsSeq(text) {
		if bare := strings.TrimRight(word, ".,;:)"); unitWords[bare] && len(all) > 0 {
			all[len(all)-1] += " " + word
			continue
		}
		all = append(all, word)
	}
	return all
}

// wrap writes text in lines of at most limit columns: the first after head, the
// others indented as far. A word longer than a line gets a line of its own, and
// one longer than any name is cut. The text may be anything; head is fit already.
func wrap(b *strings.Builder, head, text string, limit int) {
	indent := strings.Repeat(" ", width(head))
	line, used := head, false
	for _, word := range wordsOf(prose(text, mostText)) {
		word = plain.Name(word)
		if used && width(line)+1+width(word) > limit {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line, used = indent, false
		}
		if used {
			line += " "
		}
		line += word
		used = true
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
