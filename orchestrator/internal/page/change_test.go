package page

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/browsertest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/versus"
)

// more changes an experiment into a later one, in which jemalloc takes half as much
// again.
func more(exp *bench.Experiment) {
	exp.RunID, exp.Started = "20261124-101205-9c1d", exp.Started.Add(24*time.Hour)
	exp.Environment.Kernel = "6.19.0"
	for i := range exp.Trials {
		t := &exp.Trials[i]
		if t.Variant != "jemalloc" {
			continue
		}
		for j := range t.Batches {
			t.Batches[j].HighWater = t.Batches[j].HighWater * 3 / 2
		}
	}
}

// changes gives results that the page has to cope with.
func changes(t *testing.T) map[string]*versus.Result {
	t.Helper()
	hostile := func(exp *bench.Experiment) {
		exp.Design.Baseline = nasty[0]
		for i := range exp.Trials {
			at := slices.Index([]string{"libc", "jemalloc", "musl"}, exp.Trials[i].Variant)
			exp.Trials[i].Variant = nasty[at]
			exp.Trials[i].Warnings = append(exp.Trials[i].Warnings, bench.Warning{Code: nasty[4], Text: nasty[1]})
		}
		exp.Design.Variants = nil
	}
	nameless := func(exp *bench.Experiment) {
		for i := range exp.Trials {
			if exp.Trials[i].Variant == "jemalloc" {
				exp.Trials[i].Variant = ""
			}
		}
		exp.Design.Variants = nil
	}
	all := map[string]*versus.Result{}
	for name, pair := range map[string]struct {
		old, now func(*bench.Experiment)
		rounds   int
		o        versus.Options
	}{
		"change":   {nil, more, 7, versus.Options{OldName: "results/old", NewName: "results/new"}},
		"few":      {nil, more, 2, versus.Options{}},
		"anyway":   {nil, func(exp *bench.Experiment) { more(exp); exp.Design.Sleep = time.Second }, 7, versus.Options{Anyway: true}},
		"nameless": {nameless, func(exp *bench.Experiment) { more(exp); nameless(exp) }, 7, versus.Options{}},
		"hostile": {hostile, func(exp *bench.Experiment) {
			more(exp)
			hostile(exp)
			exp.Environment.CPUModel = nasty[1]
		}, 7, versus.Options{OldName: nasty[0], NewName: nasty[2]}},
	} {
		old, now := made{rounds: pair.rounds, change: pair.old}.experiment(), made{rounds: pair.rounds, change: pair.now}.experiment()
		r, err := versus.Compare(report.Summarize(old), report.Summarize(now), pair.o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = r
	}
	return all
}

// changePage writes a page, twice: the bytes must be the same.
func changePage(t *testing.T, r *versus.Result) string {
	t.Helper()
	var one, two bytes.Buffer
	if err := Change(&one, r); err != nil {
		t.Fatal(err)
	}
	if err := Change(&two, r); err != nil {
		t.Fatal(err)
	}
	if one.String() != two.String() {
		t.Error("the page is another one each time")
	}
	return one.String()
}

// TestChange: the page says all that the text says, and nothing runs in it.
func TestChange(t *testing.T) {
	for name, r := range changes(t) {
		text := changePage(t, r)
		for i, c := range text {
			if c != '\n' && (unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp)) {
				t.Fatalf("%s: at %d the page has %U", name, i, c)
			}
		}
		d := parse(t, text)
		shown := strings.Join(strings.Fields(strings.ReplaceAll(words(d.root), "\u00a0", " ")), " ")
		want := []string{r.Verdict()}
		for _, fact := range append(r.Told(), r.Legend()...) {
			want = append(want, fact.Text)
		}
		for _, l := range append(r.Lines(), r.RelativeLines()...) {
			want = append(want, l.Variant, strings.TrimSpace(strings.Join([]string{l.Figure, l.Old, l.New, l.Change}, " ")))
		}
		for _, n := range r.Notes {
			want = append(want, n.Text)
		}
		for _, w := range want {
			if w = strings.Join(strings.Fields(w), " "); !strings.Contains(shown, w) {
				t.Errorf("%s: the page does not say %q", name, w)
			}
		}
		if len(d.all("script")) != 0 || len(d.all("style")) != 1 || len(d.all("h1")) != 1 || len(d.all("main")) != 1 {
			t.Errorf("%s: %d scripts, %d styles", name, len(d.all("script")), len(d.all("style")))
		}
		policed := slices.ContainsFunc(d.all("meta"), func(m *html.Node) bool {
			return strings.Contains(attribute(m, "content"), "style-src "+hash(d.all("style")[0].FirstChild.Data)+";")
		})
		if !policed {
			t.Errorf("%s: the policy does not let the page's style be", name)
		}
		level := 0
		for n := range d.root.Descendants() {
			if n.Type == html.ElementNode {
				level = d.verify(t, n, level)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" {
					t.Errorf("%s: %s has %s=%.100q", name, n.Data, a.Key, a.Val)
				}
			}
		}
	}
}

// TestChangePictures: an interval is as long as it says, and does not touch the line
// of no change where a change is shown.
func TestChangePictures(t *testing.T) {
	text := changePage(t, changes(t)["change"])
	if n := strings.Count(text, `class="chart forest more"`); n != 2 { // the peak, and that relative to libc
		t.Errorf("%d changes are drawn as increases; want 2", n)
	}
	if n := strings.Count(text, `class="chart forest`); n < 20 {
		t.Errorf("%d pictures", n)
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Error("a picture has no place for something")
	}
}

// TestChangeBrowser shows the page on a phone and on a screen: it fits, and neither
// asks for anything nor complains.
func TestChangeBrowser(t *testing.T) {
	b := browsertest.Start(t)
	for name, r := range changes(t) {
		path := filepath.Join(t.TempDir(), name+".html")
		if err := os.WriteFile(path, []byte(changePage(t, r)), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int64{360, 1280} {
			p := b.Open(t, "file://"+path, browsertest.Screen{Width: width, Height: 800})
			if wide := browsertest.Eval[int64](p, "document.documentElement.scrollWidth"); wide > width {
				t.Errorf("%s: %d wide on a screen of %d", name, wide, width)
			}
		}
	}
}
