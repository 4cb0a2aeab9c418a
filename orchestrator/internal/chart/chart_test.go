package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); -update rewrites it:\n%s", name, diff)
	}
}

// svg gives what SVG writes.
func svg(t testing.TB, exp *bench.Experiment) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := SVG(&b, exp); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wellFormed fails unless text is one XML element.
func wellFormed(t *testing.T, name, text string) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader([]byte(text))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s is no XML: %v", name, err)
			return
		}
	}
}

// hide leaves 7 MiB of a trial's memory to be seen, beside 60 MiB that live.
func hide(exp *bench.Experiment, variant string) {
	for i := range exp.Trials {
		t := &exp.Trials[i]
		if t.Variant != variant {
			continue
		}
		samples := t.Samples.Samples()
		for j := range samples {
			samples[j].Anon = 7 * bench.MiB
		}
		t.Samples = bench.NewSeries(samples...)
		for j := range t.Batches {
			b := &t.Batches[j]
			b.HighWater = 7 * bench.MiB
			t.Gauges = append(t.Gauges, bench.Gauge{At: b.Start + time.Second, LiveRequested: 60 * bench.MiB})
		}
	}
}

// troubled is an experiment in which much went wrong.
func troubled() *bench.Experiment {
	exp := made(three, 7)
	exp.Interrupted, exp.Design.Quick = true, true
	exp.Design.Variants = append(exp.Design.Variants, bench.Variant{Name: "never"})
	hide(exp, "musl")
	for i := range exp.Trials {
		t := &exp.Trials[i]
		switch {
		case t.Round == 3:
			t.Void = "other processes took 40 % of the machine"
		case t.Round == 7 && t.Variant == "jemalloc":
			t.Error, t.Batches, t.Phases = "was killed by the kernel: out of memory", t.Batches[:1], t.Phases[:2]
			samples := t.Samples.Samples()
			t.Samples = bench.NewSeries(samples[:150]...)
		}
	}
	return exp
}

func TestGolden(t *testing.T) {
	twin := made(append(three[:2:2], profile{"libc-twin", 400, 390, 18 * time.Second, 0.05}), 7)
	twin.Design.Twin = "libc-twin"
	for name, exp := range map[string]*bench.Experiment{
		"three": made(three, 7), "one-round": made(three, 1), "eight": made(many(8), 6), "twenty": made(many(20), 3),
		"troubled": troubled(), "twin": twin, "empty": {},
	} {
		got := svg(t, exp)
		wellFormed(t, name, string(got))
		golden(t, name+".svg", got)
	}
}

// TestSize: a picture fits into a repository, whatever it shows.
func TestSize(t *testing.T) {
	check := func(what string, exp *bench.Experiment, most int) {
		t.Helper()
		if n := len(svg(t, exp)); n > most {
			t.Errorf("%s: %d bytes, want %d at most", what, n, most)
		}
	}
	check("the default design", made(three, 7), 60_000)
	check("eight variants", made(many(8), 7), 60_000)
	check("twenty variants", made(many(20), 10), 100_000)
	wild := made(three, 2) // every reading elsewhere
	for i := range wild.Trials {
		samples := wild.Trials[i].Samples.Samples()
		for j := range samples {
			samples[j].Anon = bench.Bytes(200+300*math.Sin(float64(j*j)))*bench.MiB + 300*bench.MiB
		}
		wild.Trials[i].Samples = bench.NewSeries(samples...)
	}
	check("noise", wild, 60_000)
	batches := made(three[:1], 1)
	batches.Trials[0].Phases = nil
	for i := range 5_000 {
		at := time.Duration(i) * 15 * time.Millisecond
		batches.Trials[0].Phases = append(batches.Trials[0].Phases, bench.Phase{Kind: bench.PhaseBatch, Batch: i + 1, Start: at, End: at + 10*time.Millisecond})
	}
	check("thousands of batches", batches, 60_000)
	rounds := made(three, 50)
	check("fifty rounds", rounds, 60_000)
	r := report.Summarize(rounds)
	if n := len(Trials(r, r.Rows[0], Options{})); n > 150_000 {
		t.Errorf("fifty rounds one by one: %d bytes", n)
	}
}

// TestSameBytes: the same experiment gives the same picture.
func TestSameBytes(t *testing.T) {
	for _, exp := range []func() *bench.Experiment{troubled, func() *bench.Experiment { return made(many(20), 3) }} {
		first := svg(t, exp())
		for range 3 {
			if !bytes.Equal(first, svg(t, exp())) {
				t.Fatal("another picture")
			}
		}
	}
}

// hostile are beginnings of texts that nobody should see as they are.
var hostile = map[string]string{
	"escapes":  "\x1b[2J\x1b]0;t\x07\x08\x7f\u009b31m\u0085",
	"unseen":   "\u202e\u2066\u200f\u200b\u2028\u2029\U000e0041\ufffe",
	"lines":    "\r\n\n\t",
	"markup":   `<script>alert(1)</script>"' onload='x' ]]><!-- --> <a href="http://h">&amp;&lt;`,
	"bytes":    "\xff\xfe\x00\x01",
	"endless":  strings.Repeat("x", 64_000),
	"blanks":   strings.Repeat("many words ", 6_000),
	"wide":     strings.Repeat("日本", 500),
	"together": "\x1b[1m|\n<\u202e`<!--" + strings.Repeat("y ", 32_000),
}

// spoil puts text in front of every string of a value that is not empty.
func spoil(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.String() != "" {
			v.SetString(text + v.String())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				spoil(v.Field(i), text)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i), text)
		}
	}
}

// TestHostile: whatever texts a file has, the picture is XML without anything
// that is not ours, and not much larger.
func TestHostile(t *testing.T) {
	known := regexp.MustCompile(`^(svg|title|desc|style|rect|g|path|line|text|circle)$`)
	for name, text := range hostile {
		exp := troubled()
		spoil(reflect.ValueOf(exp).Elem(), text)
		r := report.Summarize(exp)
		pictures := []string{string(svg(t, exp)), Memory(r, Options{ID: text, Class: text}), Peaks(r, Options{Table: r.Table(), Width: 300})}
		for _, row := range r.Rows {
			pictures = append(pictures, Trials(r, row, Options{Width: 400}))
		}
		for _, picture := range pictures {
			wellFormed(t, name, picture)
			for d := xml.NewDecoder(strings.NewReader(picture)); ; {
				token, err := d.Token()
				if err != nil {
					break
				}
				switch token := token.(type) {
				case xml.StartElement:
					if !known.MatchString(token.Name.Local) {
						t.Errorf("%s: an element <%s>", name, token.Name.Local)
					}
					for _, a := range token.Attr {
						if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
							t.Errorf("%s: an attribute %s", name, a.Name.Local)
						}
					}
				case xml.Comment, xml.ProcInst, xml.Directive:
					t.Errorf("%s: %T", name, token)
				}
			}
			for _, r := range picture {
				if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == unicode.ReplacementChar) {
					t.Errorf("%s: %q is in the picture", name, r)
				}
			}
		}
		if n := len(pictures[0]); n > 120_000 {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
}

// TestStandsAlone: nothing is loaded from anywhere, and nothing runs.
func TestStandsAlone(t *testing.T) {
	got := string(svg(t, troubled()))
	for _, foreign := range []string{"href", "url(", "@import", "<script", "<image", "<use", "<foreignObject", "@font-face", "var("} {
		if strings.Contains(got, foreign) {
			t.Errorf("the picture has %q", foreign)
		}
	}
	if n := strings.Count(got, "://"); n != 1 {
		t.Errorf("%d addresses; want that of the SVG namespace alone", n)
	}
	for _, wanted := range []string{"prefers-color-scheme:dark", `width="800"`, `role="img"`, "<title", "<desc"} {
		if !strings.Contains(got, wanted) {
			t.Errorf("the picture has no %q", wanted)
		}
	}
}

// TestSaysWhatWeakens: a picture travels alone, and what must be known of its
// figures goes along.
func TestSaysWhatWeakens(t *testing.T) {
	got := string(svg(t, troubled()))
	for _, wanted := range []string{
		"more bytes were live than resident", "quick preset", "interrupted:", "round 3 does not count", "jemalloc in round 7 was killed", "never – not measured", "n = 6 rounds: indicative",
	} {
		if !strings.Contains(got, wanted) {
			t.Errorf("nothing says %q", wanted)
		}
	}
	if strings.Contains(got, "7.0 MiB</text>") {
		t.Error("a memory figure of the variant that has none")
	}
}

// TestOddOnes: what a file may hold and no run would make.
func TestOddOnes(t *testing.T) {
	one := func(samples ...bench.Sample) *bench.Experiment {
		return &bench.Experiment{
			Design: bench.Design{Variants: []bench.Variant{{Name: "a"}}, Baseline: "a", Rounds: 1},
			Trials: []bench.Trial{{Variant: "a", Round: 1, Samples: bench.NewSeries(samples...)}},
		}
	}
	failed := made(three, 3)
	for i := range failed.Trials {
		failed.Trials[i].Error = "could not be started"
		failed.Trials[i].Batches, failed.Trials[i].Phases, failed.Trials[i].Samples = nil, nil, bench.Series{}
	}
	hidden := made(three, 7)
	for _, p := range three {
		hide(hidden, p.name)
	}
	void := made(three, 2)
	for i := range void.Trials {
		void.Trials[i].Void = "busy"
	}
	none := made(three, 2)
	none.Trials = nil
	for name, exp := range map[string]*bench.Experiment{
		"nothing": {}, "no trials": none, "all failed": failed, "all contradicted": hidden, "all void": void,
		"no sample": one(), "one sample": one(bench.Sample{At: time.Second, Anon: 5 * bench.MiB}), "zero": one(bench.Sample{}, bench.Sample{At: time.Hour}),
		"far": one(bench.Sample{}, bench.Sample{At: math.MaxInt64, Anon: math.MaxInt64}),
	} {
		got := string(svg(t, exp))
		wellFormed(t, name, got)
		r := report.Summarize(exp)
		pictures := []string{got, Memory(r, Options{Width: 1}), Peaks(r, Options{Width: 5000})}
		for _, row := range r.Rows {
			pictures = append(pictures, Trials(r, row, Options{}))
		}
		for _, picture := range pictures {
			wellFormed(t, name, picture)
			if found := regexp.MustCompile(`NaN|[+-]Inf|%!`).FindString(picture); found != "" {
				t.Errorf("%s: %q is in the picture\n%s", name, found, picture)
			}
		}
	}
}

// TestLabelsKeepApart: names of curves do not lie over each other, even where all
// curves end at one height.
func TestLabelsKeepApart(t *testing.T) {
	label := regexp.MustCompile(`<g class="label[^>]*>\n<path[^>]*>\n<path[^>]*>\n<path[^>]*translate\(([0-9.]+) ([0-9.]+)\)`)
	for _, n := range []int{3, 8, 20, 40} {
		profiles := many(n)
		for i := range profiles {
			profiles[i].idle = 200
		}
		r := report.Summarize(made(profiles, 2))
		var heights []float64
		for _, found := range label.FindAllStringSubmatch(Memory(r, Options{}), -1) {
			y, err := strconv.ParseFloat(found[2], 64)
			if err != nil {
				t.Fatal(err)
			}
			heights = append(heights, y)
		}
		slices.Sort(heights)
		if len(heights) != n {
			t.Fatalf("%d labels of %d variants", len(heights), n)
		}
		for i := 1; i < n; i++ {
			if heights[i]-heights[i-1] < 14.9 {
				t.Errorf("%d variants: labels at %v and %v", n, heights[i-1], heights[i])
			}
		}
	}
}

// TestPlotScale: the attributes of the plane say what its pixels mean.
func TestPlotScale(t *testing.T) {
	r := report.Summarize(made(three, 7))
	picture := Memory(r, Options{})
	attribute := func(name string) float64 {
		found := regexp.MustCompile(name + `="([0-9.e+]+)"`).FindStringSubmatch(picture)
		if found == nil {
			t.Fatalf("no %s", name)
		}
		v, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	curves := r.Curves(mostSteps, 0)
	top := curves.Rows[0].Line[0]
	for _, p := range curves.Rows[0].Line {
		if p.Hi > top.Hi {
			top = p
		}
	}
	// The band of the first variant reaches up to its highest reading.
	band := regexp.MustCompile(`class="band v0"[^>]* d="([^"]*)z"`).FindStringSubmatch(picture)[1]
	least, x, y := math.Inf(1), 0.0, 0.0
	for i, step := range strings.Fields(strings.NewReplacer("M", "", "l", " ", "-", " -").Replace(band)) {
		v, err := strconv.ParseFloat(step, 64)
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			x += v
		} else if y += v; y < least {
			least = y
		}
	}
	perPixel := attribute("data-bytes")
	if got := (attribute("data-height") - least) * perPixel; math.Abs(got-top.Hi) > perPixel {
		t.Errorf("the band reaches %v bytes, want %v", got, top.Hi)
	}
	if got, want := attribute("data-seconds")*x, curves.Rows[0].Line[0].At.Seconds(); math.Abs(got-want) > 0.2 {
		t.Errorf("the band ends at %v s, want %v, where it began", got, want)
	}
}

// BenchmarkMemory draws the default design, as a page that is alive does each
// second.
func BenchmarkMemory(b *testing.B) {
	r := report.Summarize(made(three, 7))
	b.ReportAllocs()
	for b.Loop() {
		Memory(r, Options{})
	}
}

// TestThreads: every round is there, and the scale fits those that do not count.
func TestThreads(t *testing.T) {
	exp := troubled()
	for i := range exp.Trials {
		if tr := &exp.Trials[i]; tr.Round == 3 && tr.Variant == "libc" {
			tr.Samples.Append(bench.Sample{At: time.Minute, Anon: 2 * bench.GiB})
		}
	}
	r := report.Summarize(exp)
	without, with := Memory(r, Options{}), Memory(r, Options{Threads: true})
	if strings.Contains(without, "thread") || strings.Contains(without, ">2000") {
		t.Error("threads that nobody asked for")
	}
	wellFormed(t, "with threads", with)
	for wanted, n := range map[string]int{`class="thread v`: 11, `class="thread apart v`: 3, "<title>libc, round 3 · void: other processes": 1, ">2000": 1} {
		if got := strings.Count(with, wanted); got < n || wanted[0] == 'c' && got != n {
			t.Errorf("%d × %q, want %d", got, wanted, n)
		}
	}
}
