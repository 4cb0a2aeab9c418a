package page

import (
	"bufio"
	_ "embed" // the template and its style
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/versus"
)

var (
	//go:embed change.html
	changeLayout string
	//go:embed change.css
	changeStyle string
)

// changeView is what the template of a change lays out.
type changeView struct {
	*versus.Result
	Style  template.CSS
	Policy string
	Title  string
	Tables []changeTable
	Notes  []changeNote
}

// changeTable holds the changes of all variants.
type changeTable struct {
	ID, Head, Caption, Span string
	Groups                  []changeGroup
}

// changeGroup holds those of one variant.
type changeGroup struct {
	Name  string
	Marks []mark
	Rows  []changeRow
}

// changeRow is one figure.
type changeRow struct {
	versus.Line
	Way     string // "less", "more" or ""
	Picture template.HTML
	Marks   []mark
}

type changeNote struct {
	Number     int
	Code, Text string
}

// Change writes what has changed between two runs as a page without a script: the
// same bytes for the same two. The only errors are those of w.
func Change(w io.Writer, r *versus.Result) error {
	v := &changeView{Result: r, Style: template.CSS(ownStyle + "\n" + palette() + "\n" + changeStyle), Title: title(r.New.Report)}
	v.Policy = policy(string(v.Style), "", false)
	marks := 0
	v.table(&marks, changeTable{ID: "changes", Head: "Changes", Caption: "new against old, medians over the rounds"}, r.Lines(), r.Variants)
	if head := r.Head(); head != "" {
		v.table(&marks, changeTable{ID: "relative", Head: "Relative to the baseline", Caption: head + ", in per cent of it, within the rounds of a run"}, r.RelativeLines(), r.Relative)
	}
	for i, n := range r.Notes {
		v.Notes = append(v.Notes, changeNote{i + 1, plain.Name(n.Code), n.Text})
	}
	t, err := template.New("").Funcs(template.FuncMap{"key": key, "close": closer}).Parse(layout)
	if err != nil {
		return err
	}
	if t, err = t.Parse(changeLayout); err != nil {
		return err
	}
	buffered := bufio.NewWriter(w)
	if err := t.ExecuteTemplate(buffered, "change", v); err != nil {
		return err
	}
	return buffered.Flush()
}

// table adds a table of the lines that belong to the variants.
func (v *changeView) table(marks *int, t changeTable, lines []versus.Line, variants []*versus.Variant) {
	widest := reach(variants)
	t.Span = fmt.Sprintf("%s to %s", perCent(-widest), perCent(widest))
	marked := func(notes []*versus.Note) (all []mark) {
		numbers := map[int]bool{}
		for i, n := range v.Result.Notes {
			if slices.Contains(notes, n) && !numbers[i] {
				numbers[i] = true
				*marks++
				all = append(all, mark{Number: i + 1, ID: fmt.Sprintf("mark-%d", *marks)})
			}
		}
		return all
	}
	at := 0
	for _, variant := range variants {
		group := changeGroup{Name: lines[at].Variant, Marks: marked(lines[at].About)}
		for i := 0; at < len(lines) && (i == 0 || !lines[at].First); i++ {
			row := changeRow{Line: lines[at], Marks: marked(lines[at].Notes)}
			if row.Better {
				row.Way = "less"
			} else if row.Worse {
				row.Way = "more"
			}
			if i < len(variant.Changes) {
				row.Picture = forest(variant.Changes[i].Ratio, widest, row.Way)
			}
			group.Rows = append(group.Rows, row)
			at++
		}
		t.Groups = append(t.Groups, group)
	}
	v.Tables = append(v.Tables, t)
}

const (
	leastReach = 0.05 // of the logs: a picture of next to nothing must not look like much
	mostReach  = 1.4  // a fourfold; what is beyond it ends at the edge
)

// reach is how far the bounds of changes lie from no change at most, as a log.
func reach(variants []*versus.Variant) float64 {
	widest := leastReach
	for _, v := range variants {
		for _, c := range v.Changes {
			for _, bound := range []float64{c.Ratio.Center, c.Ratio.Lo, c.Ratio.Hi} {
				if bound > 0 && c.Ratio.N > 0 {
					widest = max(widest, math.Abs(math.Log(bound)))
				}
			}
		}
	}
	return min(widest, mostReach)
}

// perCent writes a log of a ratio as a change.
func perCent(log float64) string {
	return report.ChangeOf(stat.Unpaired{Center: math.Exp(log), N: 1, Base: 1}).String()
}

// forest draws the interval of a change on a line around no change. It says nothing
// that the words beside it do not, so that it is passed over when read out.
func forest(u stat.Unpaired, widest float64, way string) template.HTML {
	if u.N == 0 || u.Base == 0 || !(u.Center > 0) {
		return ""
	}
	x := func(ratio float64) float64 {
		return math.Round(10*(90+86*max(-1, min(1, math.Log(ratio)/widest)))) / 10
	}
	picture := fmt.Sprintf(`<svg class="chart forest %s" viewBox="0 0 180 16" aria-hidden="true"><line class="grid" x1="4" x2="176" y1="8" y2="8"/><line class="axis" x1="90" x2="90" y1="0" y2="16"/>`, way)
	if u.Interval && u.Lo > 0 {
		picture += fmt.Sprintf(`<line class="interval" x1="%g" x2="%g" y1="8" y2="8"/>`, x(u.Lo), x(u.Hi))
	}
	picture += fmt.Sprintf(`<line class="tick" x1="%g" x2="%g" y1="3" y2="13"/></svg>`, x(u.Center), x(u.Center))
	return template.HTML(picture)
}
