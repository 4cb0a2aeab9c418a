package report

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// benchUnits are the figures of a line of Go's benchmark format. Programs such as
// benchstat take a part of a unit that is B for bytes, in powers of 1024, and one
// that is ns for nanoseconds.
var benchUnits = []struct {
	unit, column string
	size         float64 // of the figure's own unit, in this one
	decimals     int
}{
	{"peak-RSS-B", ColPeak, 1, 0},
	{"steady-RSS-B", ColSteady, 1, 0},
	{"idle-RSS-B", ColIdle, 1, 0},
	{"overhead", ColOverhead, 1, 6},
	{"cpu-ns/req", ColCPU, 1e9, 0},
	{"p99-ns", ColP99, 1, 0},
	{"p50-ns", ColP50, 1, 0},
}

// GoBench writes the rounds in Go's benchmark format, for benchstat and its like: a
// line for each variant and round that counts, in the order in which a variant ran
// them. What was not measured is left out, and so is memory that is withheld.
//
// Configuration is what figures depend on so much that others are not comparable:
// programs put what differs in it into tables of its own. The rest, with the notes,
// is in comments. The only errors are those of w.
//
// Source: golang.org/design/14313-benchmark-format, and package benchfmt of
// golang.org/x/perf for the lines of units.
func GoBench(w io.Writer, exp *bench.Experiment) error { return Summarize(exp).GoBench(w) }

// GoBench is the function GoBench of a report that is made.
func (r *Report) GoBench(w io.Writer) error {
	exp := r.Exp
	var b strings.Builder
	comment := func(text string) { fmt.Fprintf(&b, "# %s\n", plain.Line(prose(text, mostNote))) }
	if stamp := r.Stamp(); stamp != "" {
		comment(stamp)
	}
	comment(join("run "+exp.RunID, exp.Started.UTC().Format("2006-01-02 15:04 UTC"), exp.Command))
	for _, fact := range r.Ran() {
		if fact.Name == "machine" || fact.Name == "engine" {
			comment(fact.Name + " " + fact.Text)
		}
	}
	for _, line := range r.Arranged() {
		comment(line)
	}
	for _, note := range r.Notes {
		comment(note.Code + ": " + note.Text)
	}
	for _, line := range r.benchConfig() {
		// A key without a value would take the key away.
		if line.Text != "" {
			fmt.Fprintf(&b, "%s: %s\n", line.Name, plain.Name(line.Text))
		}
	}
	for _, u := range benchUnits {
		fmt.Fprintf(&b, "Unit %s better=lower assume=nothing\n", u.unit)
	}
	for _, row := range r.Rows {
		for _, t := range row.all {
			if line := benchLine(t); r.counts(t) && line != "" {
				fmt.Fprintf(&b, "BenchmarkCompare/variant=%s %s\n", benchName(row.Variant), line)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// benchConfig gives what must be the same for figures to be comparable.
func (r *Report) benchConfig() []Fact {
	d, p, e := r.Exp.Design, r.Exp.Plan, r.Exp.Environment
	mode := d.Mode
	if mode == "" {
		mode = bench.Together
	}
	memory := "none"
	if d.MemoryLimit > 0 {
		memory = strconv.FormatInt(int64(d.MemoryLimit), 10)
	}
	return []Fact{
		{"goos", "linux"},
		{"goarch", e.Arch},
		{"cpu", e.CPUModel},
		{"plan", prefix(p.SHA256, 12)},
		{"design", fmt.Sprintf("batches=%d pause=%s idle=%s sleep=%s workers=%d threads=%s transport=%s memory=%s mode=%s",
			d.Batches, d.Pause, d.Idle, d.Sleep, d.Workers, d.Threads, d.Transport, memory, mode)},
	}
}

// benchLine gives the requests of a trial and its figures; nothing if there are
// none.
func benchLine(t *trial) string {
	requests, failed := 0, 0
	for i := range t.Batches {
		requests += t.Batches[i].Requests
		failed += t.Batches[i].Failed
	}
	line := ""
	for _, u := range benchUnits {
		if v := figureOf(u.column)(t) * u.size; !math.IsNaN(v) && !math.IsInf(v, 0) {
			line += " " + strconv.FormatFloat(v, 'f', u.decimals, 64) + " " + u.unit
		}
	}
	if line == "" {
		return ""
	}
	// Zeros would have benchstat warn at every mean.
	if failed > 0 {
		line += fmt.Sprintf(" %d failed-req", failed)
	}
	return strconv.Itoa(max(requests, 1)) + line
}

// mostBenchName is how long the name of a variant may get, in bytes.
const mostBenchName = 200

// maxProcs is what programs take for GOMAXPROCS at the end of a name.
var maxProcs = regexp.MustCompile(`-([0-9]+)$`)

// benchName makes a name fit for Go's benchmark format: no blanks, no slashes, which
// would start another part, nothing unseen. Such signs become %XX, as in URLs, so
// that other names stay other names. A name that is far too long ends with a part
// of its hash.
func benchName(name string) string {
	var b strings.Builder
	for i, r := range name {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(name[i:])
		}
		if bad := strings.ContainsRune("%/", r) || r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r); bad {
			for _, c := range []byte(name[i : i+size]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
			continue
		}
		b.WriteRune(r)
	}
	text := maxProcs.ReplaceAllString(b.String(), "%2D$1")
	if len(text) > mostBenchName {
		sum := sha256.Sum256([]byte(name))
		kept := strings.ToValidUTF8(text[:mostBenchName/2], "")
		text = fmt.Sprintf("%s...%x", kept, sum[:6])
	}
	return text
}
