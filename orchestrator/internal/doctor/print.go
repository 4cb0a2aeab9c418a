package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/layout"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// Text prints a line per finding, with one of advice below it where there is any,
// and what follows for compare.
func (d Diagnosis) Text(w io.Writer, width int) error {
	names := 0
	for _, f := range d.Findings {
		names = max(names, layout.Width(f.Name))
	}
	var b strings.Builder
	for _, f := range d.Findings {
		head := layout.Left(f.Name, names) + layout.Gap
		layout.Wrap(&b, head+layout.Left(string(f.Verdict), len(Warn))+layout.Gap, plain.Line(f.Text), width)
		if f.Advice != "" {
			layout.Wrap(&b, strings.Repeat(" ", layout.Width(head)+len(Warn))+layout.Gap+"→ ", plain.Line(f.Advice), width)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", d.outcome())
	_, err := io.WriteString(w, b.String())
	return err
}

// outcome says what follows for compare.
func (d Diagnosis) outcome() string {
	switch d.Engine {
	case "docker":
		return "compare runs variants in containers."
	case "process":
		return "compare runs variants as local processes, without containers."
	}
	return "compare cannot run here: see what is bad."
}

// JSON prints the same for programs.
func (d Diagnosis) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(d)
}
