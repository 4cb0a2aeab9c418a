package chart

import "github.com/stair-stepper/stair-stepper/orchestrator/internal/report"

// paleRows gives the rows whose curves are drawn pale and without a band, because
// nobody could follow so many. Their names stand beside all of them.
func paleRows(r *report.Report) map[int]bool {
	strong := map[*report.Row]bool{}
	for _, row := range r.Foremost() {
		strong[row] = true
	}
	pale := map[int]bool{}
	for i, row := range r.Rows {
		if !strong[row] {
			pale[i] = true
		}
	}
	return pale
}
