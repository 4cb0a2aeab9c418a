package report

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// twentyNames are variants as the lists in the box name them.
var twentyNames = []string{
	"libc", "jemalloc", "musl", "mimalloc", "gperftools", "scudo", "rpmalloc@sid", "tbbmalloc", "arena1", "arena2", "arena4", "je-bg", "je-bg0",
	"je-narenas2", "je-percpu", "mi-purge0", "mimalloc@sid", "libc@trixie", "libc@sid", "gperf-decommit",
}

// twenty is an experiment of 20 variants on 2 busy CPUs: most of them waited for
// a CPU, and many were not steady.
func twenty(rounds int) *bench.Experiment {
	var profiles []profile
	for i, name := range twentyNames {
		p := short2[i%3]
		p.name = name
		factor := 1.11 + 0.11*math.Sin(float64(i*i))
		p.steady = []float64{p.steady[0] * factor, p.steady[1] * factor}
		p.peak = []float64{p.peak[0] * factor, p.peak[1] * factor}
		p.idle *= factor
		p.cpu += time.Duration(i*137%11) * 300 * time.Microsecond
		if i%5 != 0 {
			p.wait = 0.11 + 0.01*float64(i)
		}
		profiles = append(profiles, p)
	}
	exp := made(profiles, 480, rounds)
	for i := range exp.Design.Variants {
		v := &exp.Design.Variants[i]
		name, suite, _ := strings.Cut(v.Name, "@")
		v.Suite = suite
		switch {
		case strings.HasPrefix(name, "je-"):
			v.Env = map[string]string{"MALLOC_CONF": "background_thread:true,dirty_decay_ms:1000"}
		case strings.HasPrefix(name, "arena"):
			v.Env = map[string]string{"MALLOC_ARENA_MAX": name[5:]}
		}
	}
	for i := range exp.Trials {
		t := &exp.Trials[i]
		if i%4 == 1 { // it still rises
			b := t.Batches[len(t.Batches)-1]
			eachSample(t, func(_ int, s *bench.Sample) {
				if s.At >= b.Start && s.At <= b.End {
					s.Anon += bench.Bytes(float64(s.Anon) * 0.3 * (s.At - b.Start).Seconds() / (b.End - b.Start).Seconds())
				}
			})
		}
		if name := t.Variant; name == "scudo" || name == "gperf-decommit" || name == "rpmalloc@sid" {
			t.Warnings = append(t.Warnings, bench.Warning{Code: "knob-unread", Text: fmt.Sprintf("the knob %s_X cannot be read back", strings.ToUpper(name[:5]))})
		}
	}
	return exp
}

func TestTwenty(t *testing.T) {
	golden(t, "twenty.txt", render(t, text(TextOptions{}), twenty(10)))
}

// TestForemost: of many curves the baseline's and those of the least peaks stand
// out, of few all do.
func TestForemost(t *testing.T) {
	if r := Summarize(experiment(3)); len(r.Foremost()) != 3 || strings.Contains(r.CurvesCaption(), "pale") {
		t.Errorf("%d of 3 stand out: %s", len(r.Foremost()), r.CurvesCaption())
	}
	r := Summarize(twenty(3))
	var names []string
	for _, row := range r.Foremost() {
		names = append(names, row.Variant)
	}
	if got, want := strings.Join(names, " "), "musl arena1 je-percpu je-bg scudo libc"; got != want {
		t.Errorf("%s stand out, want %s", got, want)
	}
	if !strings.Contains(r.CurvesCaption(), "the baseline and the 5 of the least peaks") {
		t.Error(r.CurvesCaption())
	}
}

func TestOneBinary(t *testing.T) {
	exp := experiment(1)
	if got := Summarize(exp).OneBinary(); got != "" {
		t.Errorf("no hash is known: %q", got)
	}
	for i := range exp.Trials {
		exp.Trials[i].Proof.Binary = strings.Repeat("ab", 32)
	}
	exp.Trials[2].Proof.Binary = strings.Repeat("cd", 32) // musl's is another
	if got, want := Summarize(exp).OneBinary(), "libc and jemalloc ran the same program, byte for byte (SHA-256 abababababab)."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestVariants: names tell as much as there is to say, or a line does.
func TestVariants(t *testing.T) {
	exp := experiment(1)
	if got := Summarize(exp).Variants(); got != nil {
		t.Errorf("three plain variants: %v", got)
	}
	exp.Design.Variants[1].Env = map[string]string{"MALLOC_CONF": "narenas:2"}
	exp.Design.Variants[2].Suite = "sid"
	want := []Fact{
		{"libc", "glibc 2.36 linked"},
		{"jemalloc", "jemalloc 5.3.0 preloaded · glibc 2.36 · MALLOC_CONF=narenas:2 (read back)"},
		{"musl", "musl 1.2.3 static · sid"},
	}
	if diff := cmp.Diff(want, Summarize(exp).Variants()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	exp.Trials[1].Warnings = []bench.Warning{{Code: CodeUnread, Text: "MALLOC_CONF cannot be read back"}}
	r := Summarize(exp)
	if got := r.Variants()[1].Text; !strings.HasSuffix(got, "(not all read back)") {
		t.Errorf("unread: %q", got)
	}
	if notes := r.Rows[1].notes[ColVariant]; len(notes) != 1 || notes[0].Code != CodeUnread {
		t.Errorf("notes at the name: %v", notes)
	}
}
