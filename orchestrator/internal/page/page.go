// Package page shows the report of an experiment as one HTML file that needs
// nothing else: no network, no script to be read and printed, no other file.
//
// What it says is what package report says; here it is only laid out. A script,
// also in the file, adds what paper cannot do: reading values off the curves,
// zooming, hiding variants, sorting, picking out a single trial.
//
// All text of others went through package plain, as in every format, and is
// escaped by html/template. A policy in the page's head lets nothing run and
// nothing be fetched but what the file itself brings.
package page

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // the template and what goes into it
	"encoding/base64"
	"html/template"
	"io"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

var (
	//go:embed page.html
	layout string
	//go:embed page.css
	ownStyle string
	//go:embed page.js
	ownScript string
)

// Extra is what a page may have besides the report.
type Extra struct {
	Style  template.CSS  // after the page's own
	Script template.JS   // after the page's own; with one, the run goes on, and the page may ask the server that it came from
	Above  template.HTML // the first section of the page
}

// Write writes the report of an experiment as a finished page: the same bytes for
// the same experiment. The only errors are those of w.
func Write(w io.Writer, exp *bench.Experiment) error { return Finished(w, report.Summarize(exp)) }

// Finished is Write of a report that is made.
func Finished(w io.Writer, r *report.Report) error { return whole(w, r, Extra{}) }

// Render writes a page with more to it than the report. The report is the element
// #report; window.stepper.enhance(element) of the page's script brings it to life
// again after its content was replaced by what Body writes.
func Render(w io.Writer, exp *bench.Experiment, with Extra) error {
	return whole(w, report.Summarize(exp), with)
}

func whole(w io.Writer, r *report.Report, with Extra) error {
	v := newView(r, with.Script != "")
	v.Extra = with
	v.Style = template.CSS(ownStyle+"\n"+palette()+"\n") + with.Style
	v.Script = template.JS(ownScript) + with.Script
	v.Policy = policy(string(v.Style), string(v.Script), with.Script != "")
	return execute(w, "page", v)
}

// Body writes what is within #report of a page while its run goes on: trials are
// still to come, and the data is for the finished page.
func Body(w io.Writer, exp *bench.Experiment) error {
	return execute(w, "report", newView(report.Summarize(exp), true))
}

func execute(w io.Writer, name string, v *view) error {
	t, err := template.New("").Funcs(template.FuncMap{"key": key, "close": closer}).Parse(layout)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(w)
	if err := t.ExecuteTemplate(buffered, name, v); err != nil {
		return err
	}
	return buffered.Flush()
}

// policy lets the page's own style and script be and nothing else, and only a
// live page talk to its server.
func policy(style, script string, live bool) string {
	parts := []string{"default-src 'none'", "style-src " + hash(style), "script-src " + hash(script), "img-src data:", "base-uri 'none'", "form-action 'none'"}
	if live {
		parts = append(parts, "connect-src 'self'")
	}
	return strings.Join(parts, "; ")
}

// hash names a text in a content security policy, as CSP 3 says (section 2.3.1).
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// title names the page among other tabs and in a list of files.
func title(r *report.Report) string {
	var names []string
	for i, row := range r.Rows {
		if i == mostNamed {
			names = append(names, "…")
			break
		}
		names = append(names, row.Name())
	}
	return strings.Join(names, ", ")
}

// mostNamed is how many variants a title names.
const mostNamed = 8

// units are kept on the line of their number.
var units = strings.NewReplacer(" %", "\u00a0%", " MiB", "\u00a0MiB", " GiB", "\u00a0GiB", " ms", "\u00a0ms", " kB", "\u00a0kB", " … ", "\u00a0…\u00a0")

// closer keeps units on the line of their number.
func closer(text string) string { return units.Replace(text) }
