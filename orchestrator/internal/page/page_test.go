package page

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/chart"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

func render(t *testing.T, exp *bench.Experiment, with Extra) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, exp, with); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// document is a page as a browser takes it apart.
type document struct {
	root *html.Node
	ids  map[string]*html.Node
}

func parse(t *testing.T, text string) *document {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	d := &document{root, map[string]*html.Node{}}
	for n := range root.Descendants() {
		if id := attribute(n, "id"); id != "" {
			if d.ids[id] != nil {
				t.Errorf("two elements have the id %s", id)
			}
			d.ids[id] = n
		}
	}
	return d
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// words gives the text of an element, blanks made one.
func words(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && slices.Contains([]string{"td", "th", "tr", "p", "dd", "dt", "li", "div", "br", "section"}, n.Data) {
			b.WriteString(" ")
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// all lists the elements of that name.
func (d *document) all(name string) []*html.Node {
	var found []*html.Node
	for n := range d.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			found = append(found, n)
		}
	}
	return found
}

// What the report says is in the page.
func TestWords(t *testing.T) {
	for name, exp := range experiments() {
		if name == "hostile" {
			continue // whose words are cut
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := words(parse(t, render(t, exp, Extra{})).ids["report"])
			says := func(want string) {
				t.Helper()
				if want = strings.Join(strings.Fields(want), " "); !strings.Contains(text, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			r := report.Summarize(exp)
			says(r.Verdict().Text)
			says(stamp(r))
			for _, line := range r.Rests(true) {
				says(line)
			}
			for _, n := range r.Notes {
				says(n.Text + " " + n.Code)
			}
			_, intervals := r.Intervals()
			for _, f := range slices.Concat(r.Legend(), r.Ran(), intervals) {
				says(f.Name + " " + f.Text)
			}
			for _, p := range r.Proven() {
				for _, f := range p.Facts {
					says(f.Name + " " + f.Text)
				}
			}
			for _, line := range r.Trials().Lines {
				says(line.Remark)
			}
			says(exp.Command)
			for i, row := range r.Rows {
				for _, c := range r.Table().Columns[1:] {
					says(c.Cells[i].Value)
					if change := c.Cells[i].Change.String(); change != report.None {
						says(change)
					}
				}
				says(row.Name())
			}
		})
	}
}

// The same experiment gives the same bytes, and what a live page is given anew is
// what it began with: all of a finished one but the data.
func TestBytes(t *testing.T) {
	exp := made{rounds: 7}.experiment()
	first := render(t, exp, Extra{})
	if render(t, exp, Extra{}) != first {
		t.Error("the same experiment gives another page")
	}
	var body bytes.Buffer
	if err := Body(&body, exp); err != nil {
		t.Fatal(err)
	}
	live := render(t, exp, Extra{Script: "1"})
	if !strings.Contains(live, `<div id="report">`+"\n"+body.String()+"</div>\n</main>") {
		t.Error("the body is not what the page has in #report")
	}
	if !strings.Contains(first, "data:application/gzip") || strings.Contains(live, "data:application/gzip") || !strings.Contains(live, "when the run is over") {
		t.Error("the data is not where it belongs")
	}
	exp.Trials = nil
	if blank := render(t, exp, Extra{Script: "1"}); !strings.Contains(blank, "The figures come with the first trial") || strings.Contains(blank, "<table") || strings.Contains(blank, "0 count") {
		t.Error("a run without a trial has figures")
	}
	broken := errors.New("disk full")
	if err := Write(failing{broken}, exp); !errors.Is(err, broken) {
		t.Errorf("a write that fails gives %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A page is small enough to be sent around.
func TestSize(t *testing.T) {
	needs.Patience(t, "writes a page of a thousand trials")
	check := func(what string, m made, most int) {
		t.Helper()
		if n := len(render(t, m.experiment(), Extra{})); n > most {
			t.Errorf("%s: %d bytes, want at most %d", what, n, most)
		}
	}
	const every = 50 * time.Millisecond // as by default
	check("the default design", made{rounds: 7, every: every}, 500_000)
	check("one round", made{rounds: 1, every: every}, 500_000)
	many := make([]string, 20)
	for i := range many {
		many[i] = "variant-" + string(rune('a'+i))
	}
	check("20 variants in 50 rounds", made{rounds: 50, names: many, every: 500 * time.Millisecond}, 3_000_000)
}

// Everything measured is in the page as long as it is small, and otherwise the
// page says where it is.
func TestRaw(t *testing.T) {
	exp := made{rounds: 1, every: 200 * time.Millisecond}.experiment()
	d := parse(t, render(t, exp, Extra{}))
	var packed string
	for _, a := range d.all("a") {
		if attribute(a, "download") == "experiment-20261123-101205-7f3a.json.gz" {
			packed = strings.TrimPrefix(attribute(a, "href"), "data:application/gzip;base64,")
		}
	}
	data, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := report.JSON(&want, exp); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("the page holds %d bytes of JSON, and the file %d others", len(got), want.Len())
	}
	beside := func(name string, m made) {
		t.Helper()
		text := render(t, m.experiment(), Extra{})
		if strings.Contains(text, "download=") || !strings.Contains(text, "is not in this page. It is the file <code>experiment.json</code> of the results folder of this run, <code>20261123-101205-7f3a</code>") {
			t.Errorf("%s: a page without the data does not say where it is", name)
		}
	}
	beside("too large", made{rounds: 10, every: 100 * time.Millisecond})
	beside("no JSON", made{rounds: 1, change: func(exp *bench.Experiment) { exp.Started = exp.Started.AddDate(9000, 0, 0) }})
}

// What others named does nothing in a page.
func TestHostile(t *testing.T) {
	d := harmless(t, experiments()["hostile"])
	for _, want := range []string{`<script>alert(1)</script>`, `\x1b[2J\x1b]0;t\x07`, `</style></script><!--`, `\u202egnp.exe`, `" onmouseover=alert(1) x="`, "{{.Style}}", `a\r\n\tb\x00`} {
		if !strings.Contains(words(d.ids["figures"]), want) {
			t.Errorf("the table does not show %q as a name", want)
		}
	}
	var got data
	if err := json.Unmarshal([]byte(d.ids["curves"].FirstChild.Data), &got); err != nil || len(got.Variants) != len(nasty) {
		t.Errorf("the data has %d variants: %v", len(got.Variants), err)
	}
}

// The same names do nothing in any other format either.
func TestHostileFormats(t *testing.T) {
	exp := experiments()["hostile"]
	for name, write := range map[string]func(io.Writer, *bench.Experiment) error{
		"text": func(w io.Writer, exp *bench.Experiment) error {
			return report.Text(w, exp, report.TextOptions{Width: 120})
		},
		"markdown": report.Markdown, "csv": report.CSV, "json": report.JSON, "svg": chart.SVG,
	} {
		var b bytes.Buffer
		if err := write(&b, exp); err != nil {
			t.Fatal(err)
		}
		for i, r := range b.String() {
			if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
				t.Fatalf("%s: at %d there is %U", name, i, r)
			}
		}
		if name != "markdown" && name != "svg" {
			continue
		}
		// Between backticks nothing is markup.
		for n := range parse(t, regexp.MustCompile("`[^`]*`").ReplaceAllString(b.String(), "")).root.Descendants() {
			if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "img") || n.Type == html.CommentNode {
				t.Errorf("%s has %s %.60q", name, n.Data, n.Data)
			}
		}
	}
}

// Whichever text of an experiment is hostile, and in whatever way.
func TestHostileEverywhere(t *testing.T) {
	plain, err := json.Marshal(made{rounds: 2, every: time.Second, change: die}.experiment())
	if err != nil {
		t.Fatal(err)
	}
	for i, words := range nasty[1:] {
		var tree any
		if err := json.Unmarshal(plain, &tree); err != nil {
			t.Fatal(err)
		}
		spoiled, err := json.Marshal(spoilAll(tree, words))
		if err != nil {
			t.Fatal(err)
		}
		exp := new(bench.Experiment)
		if err := json.Unmarshal(spoiled, exp); err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) { harmless(t, exp) })
	}
}

// spoilAll puts words before every text of a value, but for times.
func spoilAll(value any, words string) any {
	switch v := value.(type) {
	case string:
		if _, err := time.Parse(time.RFC3339, v); err == nil {
			return v
		}
		return words + v
	case []any:
		for i := range v {
			v[i] = spoilAll(v[i], words)
		}
	case map[string]any:
		for key := range v {
			v[key] = spoilAll(v[key], words)
		}
	}
	return value
}

// harmless renders an experiment and sees that there is nothing in the page but
// what a page has.
func harmless(t *testing.T, exp *bench.Experiment) *document {
	t.Helper()
	text := render(t, exp, Extra{})
	for i, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			t.Fatalf("at %d the page has %U: %q", i, r, text[max(0, i-60):i])
		}
	}
	d := parse(t, text)
	if scripts := d.all("script"); len(scripts) != 2 {
		t.Errorf("%d scripts, want the data and the page's own", len(scripts))
	}
	if styles := d.all("style"); len(styles) != 1 {
		t.Errorf("%d styles, want the page's own", len(styles))
	}
	known := parse(t, render(t, experiments()["died"], Extra{}))
	elements := map[string]bool{}
	for n := range known.root.Descendants() {
		elements[n.Data] = n.Type == html.ElementNode
	}
	for n := range d.root.Descendants() {
		if n.Type == html.ElementNode && !elements[n.Data] {
			t.Errorf("an element %s", n.Data)
		}
		if n.Type == html.CommentNode {
			t.Errorf("a comment %.100q", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "srcdoc" {
				t.Errorf("%s has %s=%.100q", n.Data, a.Key, a.Val)
			}
			if strings.HasSuffix(a.Key, "href") && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "data:") {
				t.Errorf("%s leads to %.100q", n.Data, a.Val)
			}
		}
	}
	return d
}

// The policy lets the page's own style and script be, by what they are.
func TestPolicy(t *testing.T) {
	check := func(with Extra, live bool) {
		t.Helper()
		d := parse(t, render(t, made{rounds: 1, every: time.Second}.experiment(), with))
		var policy string
		for _, m := range d.all("meta") {
			if attribute(m, "http-equiv") == "Content-Security-Policy" {
				policy = attribute(m, "content")
			}
		}
		scripts := d.all("script")
		for _, want := range []string{
			"default-src 'none'", "style-src " + hash(d.all("style")[0].FirstChild.Data) + ";", "script-src " + hash(scripts[len(scripts)-1].FirstChild.Data) + ";",
		} {
			if !strings.Contains(policy, want) {
				t.Errorf("the policy is %q, without %q", policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "connect-src 'self'") != live {
			t.Errorf("the policy is %q", policy)
		}
	}
	check(Extra{}, false)
	check(Extra{Style: "p{color:red}", Script: "console.log('<b>' < 1 && `${2}`)", Above: "<section>now</section>"}, true)
}

// Extra comes after what the page has, and above the report.
func TestExtra(t *testing.T) {
	text := render(t, made{rounds: 1, every: time.Second}.experiment(), Extra{Style: ".own{}", Script: "let own;", Above: `<section id="live"></section>`})
	at := -1
	for _, part := range []string{"<style>", ".own{}</style>", "<main>", `<section id="live"></section>`, `<div id="report">`, "window.stepper =", "let own;</script>"} {
		next := strings.Index(text, part)
		if next <= at {
			t.Errorf("%s is at %d, want it after %d", part, next, at)
		}
		at = next
	}
}

// Everybody can find their way: headings in order, names for what is not text,
// links that lead somewhere.
func TestAccess(t *testing.T) {
	for name, exp := range experiments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := parse(t, render(t, exp, Extra{}))
			level := 0
			for n := range d.root.Descendants() {
				if n.Type == html.ElementNode {
					level = d.verify(t, n, level)
				}
			}
			if len(d.all("h1")) != 1 || len(d.all("main")) != 1 {
				t.Error("want one h1 and one main")
			}
		})
	}
}

var headings = regexp.MustCompile(`^h[1-6]$`)

// verify looks at one element; level is that of the heading before it.
func (d *document) verify(t *testing.T, n *html.Node, level int) int {
	t.Helper()
	named := func() bool {
		for id := range strings.FieldsSeq(attribute(n, "aria-labelledby")) {
			if d.ids[id] == nil || words(d.ids[id]) == "" {
				return false
			}
		}
		return attribute(n, "aria-labelledby") != "" || attribute(n, "aria-label") != ""
	}
	switch {
	case headings.MatchString(n.Data):
		now := int(n.Data[1] - '0')
		if now > level+1 {
			t.Errorf("%s %q comes after a heading of level %d", n.Data, words(n), level)
		}
		return now
	case n.Data == "svg" && n.Parent.Data != "svg" && !(attribute(n, "role") == "img" && named()) && attribute(n, "aria-hidden") != "true":
		t.Errorf("a picture %q without a name", attribute(n, "class"))
	case (n.Data == "section" || attribute(n, "role") == "region") && !named():
		t.Errorf("a section without a name: %.80q", words(n))
	case n.Data == "a" && strings.HasPrefix(attribute(n, "href"), "#") && d.ids[attribute(n, "href")[1:]] == nil:
		t.Errorf("a link to %s, which is nowhere", attribute(n, "href"))
	case n.Data == "a" && words(n) == "" && attribute(n, "aria-label") == "":
		t.Error("a link without a name")
	case n.Data == "table" && n.FirstChild.NextSibling.Data != "caption":
		t.Errorf("a table without a caption: %.80q", words(n))
	case n.Data == "th" && attribute(n, "scope") == "":
		t.Errorf("a head %q without a scope", words(n))
	}
	return level
}

// A note is linked from its marks, and leads back to them.
func TestNotes(t *testing.T) {
	exp := experiments()["died"]
	d := parse(t, render(t, exp, Extra{}))
	table := report.Summarize(exp).Table()
	if len(table.Notes) < 3 {
		t.Fatalf("%d notes: want more to look at", len(table.Notes))
	}
	marks := map[string]int{} // links in the first table, by where they lead
	for n := range d.ids["figures"].Descendants() {
		if n.Data == "a" {
			marks[attribute(n, "href")]++
			if back := d.ids[strings.TrimPrefix(attribute(n, "href"), "#")]; back == nil || back.Data != "li" {
				t.Errorf("a mark leads to %s", attribute(n, "href"))
			}
		}
	}
	for i := range table.Notes {
		id := "note-" + string(rune('1'+i))
		back := 0
		for n := range d.ids[id].Descendants() {
			if n.Data == "a" && d.ids[attribute(n, "href")[1:]].Data == "a" {
				back++
			}
		}
		if back == 0 || back != marks["#"+id] {
			t.Errorf("%s has %d marks and leads back to %d", id, marks["#"+id], back)
		}
	}
}

// TestRoomForEveryTrial: a trial that is picked out is drawn whole, also one that
// does not count and goes higher and on for longer than those that do.
func TestRoomForEveryTrial(t *testing.T) {
	exp := made{rounds: 3, change: func(exp *bench.Experiment) {
		one := &exp.Trials[slices.IndexFunc(exp.Trials, func(t bench.Trial) bool { return t.Variant == "musl" })]
		one.Void = "the machine was busy"
		last, _ := one.Samples.Last()
		one.Samples.Append(bench.Sample{At: last.At + 40*time.Second, Anon: 3 * bench.GiB})
	}}.experiment()
	r := report.Summarize(exp)
	all := allCurves(r)
	if counted := r.Curves(100, 0); all.Top < 3*float64(bench.GiB) || all.Length < counted.Length+30*time.Second {
		t.Fatalf("the void trial is not the highest and longest: %.0f bytes, %v", all.Top, all.Length)
	}
	plots := regexp.MustCompile(`width="([\d.]+)" height="([\d.]+)" viewBox="[^"]*" preserveAspectRatio="none" data-seconds="([^"]+)" data-bytes="([^"]+)"`)
	found := plots.FindAllStringSubmatch(render(t, exp, Extra{}), -1)
	if len(found) != 2 {
		t.Fatalf("%d plots", len(found))
	}
	for _, plot := range found {
		number := func(i int) float64 {
			v, err := strconv.ParseFloat(plot[i], 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		const rounded = 1.001
		if length, top := number(1)*number(3), number(2)*number(4); length*rounded < all.Length.Seconds() || top*rounded < all.Top {
			t.Errorf("room for %v s and %v bytes, want %v and %v", length, top, all.Length, all.Top)
		}
	}
}
