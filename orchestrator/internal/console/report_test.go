package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

func TestRecorder(t *testing.T) {
	var r recorder
	r.End(&load.Event{Item: request("Fetch {{ id }}"), Name: "Fetch 7", Status: 204, Took: 1234567})
	r.End(&load.Event{Item: &plan.Assign{}, Name: "assign"})
	r.End(&load.Event{Item: request("gone"), Name: "gone", Class: "connect", Took: 2 * time.Millisecond})
	r.End(&load.Event{Item: request("never sent"), Err: os.ErrInvalid})
	want := []entry{
		{Name: "Fetch {{ id }}", Duration: 1234567, Status: 204, Timed: true},
		{Name: "gone", Duration: 2 * time.Millisecond, Status: 520, Timed: true},
	}
	if diff := cmp.Diff(want, r.Entries()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReportFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.yml")
	if err := os.WriteFile(file, []byte(strings.Repeat("something longer from before\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	entries := []entry{
		{Name: "Fetch users", Duration: 12345678, Status: 200, Timed: true},
		{Name: "{{ item }}: a # b", Duration: 3 * time.Millisecond, Status: 520, Timed: true},
	}
	if err := writeReport(file, entries); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const want = "\n- name: Fetch users\n  duration: 12.345678\n  status: 200\n" +
		"\n- name: \"{{ item }}: a # b\"\n  duration: 3\n  status: 520\n"
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
	if err := writeReport(filepath.Join(file, "below", "a file"), nil); err == nil {
		t.Error("a report was written below a file")
	}
}

// TestReportIntoNoFile writes where a rename would take a device away.
func TestReportIntoNoFile(t *testing.T) {
	if err := writeReport("/dev/null", []entry{{Name: "a"}}); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode().IsRegular() {
		t.Fatalf("/dev/null is %v, %v", info.Mode(), err)
	}
}

func TestReportRoundTrip(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.yml")
	var entries []entry
	for i, name := range []string{
		"plain", "two words", "", " blanks ", "a: b", "a #b", "- dash", "{{ x }}", `"quoted"`, `'single'`, "it's", `back\slash`,
		"true", "null", "no", "12", "1.5", "line\nbreak", "tab\t", "grün 日本", "\u2028", "~", "*a", "&a", "%a", "@a", "`a", "a:", "x, y", "!t",
	} {
		entries = append(entries, entry{Name: name, Duration: time.Duration(i)*time.Millisecond + 1, Status: 200 + i, Timed: true})
	}
	if err := writeReport(file, entries); err != nil {
		t.Fatal(err)
	}
	got, err := readReport(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entries, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadReports(t *testing.T) {
	row := func(name string, ms float64, status int) entry {
		return entry{Name: name, Duration: time.Duration(ms * 1e6), Status: status, Timed: true}
	}
	for name, c := range map[string]struct {
		text string
		want []entry
		err  string
	}{
		"drill's, nothing quoted": {
			text: "\n- name: Fetch: {{ item.id }} # one\n  duration: 12.345678\n  status: 200\n\n- name: {{ x }}\n  duration: 3\n  status: 520\n",
			want: []entry{row("Fetch: {{ item.id }} # one", 12.345678, 200), row("{{ x }}", 3, 520)},
		},
		"a name of several lines": {
			text: "\n- name: one\ntwo\n  duration: 1\n  status: 200\n",
			want: []entry{row("one", 1, 200)},
		},
		"by another hand": {
			text: "---\n# of yesterday\n-\n  duration: 1e1\n  extra: yes\n  name: 'it''s'\r\n- duration: .5\n",
			want: []entry{row("it's", 10, 0), row("", 0.5, 0)},
		},
		"no duration":      {text: "- name: a\n", want: []entry{{Name: "a"}}},
		"empty":            {text: "\n# nothing\n", err: "report r.yml holds no requests"},
		"no list":          {text: "name: a\nduration: 1\n", err: `report r.yml:1: "name: a" does not begin a list of requests`},
		"wrong duration":   {text: "- name: a\n  duration: long\n", err: `report r.yml:2: duration "long" is not a number of milliseconds`},
		"endless duration": {text: "- duration: .inf\n", err: `report r.yml:1: duration ".inf" is not a number of milliseconds`},
		"wrong status":     {text: "- duration: 1\n  status: ok\n", want: []entry{row("", 1, 0)}},
		"in braces":        {text: "- {name: a, duration: 1.5, status: 200}\n- {duration: 2}", want: []entry{row("a", 1.5, 200), row("", 2, 0)}},
		"JSON":             {text: `[{"name": "a: b", "duration": 1e1, "more": {"x": [1]}}]`, want: []entry{row("a: b", 10, 0)}},
		"indented":         {text: "# by hand\n  - name: a # b\n    duration: 1 # ms\n  - duration: 0x10\n", want: []entry{row("a", 1, 0), row("", 16, 0)}},
		"anchors":          {text: "- &a\n  duration: 1\n- *a\n- text\n", want: []entry{row("", 1, 0), row("", 1, 0), {}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseReport("r.yml", []byte(c.text))
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Fatalf("error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if _, err := readReport(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a report that is not there was read")
	}
}

// FuzzReport holds that a report that cannot be read is an error, and nothing
// worse.
func FuzzReport(f *testing.F) {
	f.Add([]byte("\n- name: a\n  duration: 1.5\n  status: 200\n"))
	f.Add([]byte("- name: \"a\\n\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := parseReport("r.yml", text)
		if (err == nil) != (len(entries) > 0) {
			t.Errorf("%d entries and error %v", len(entries), err)
		}
	})
}

func TestComparison(t *testing.T) {
	const ms = time.Millisecond
	first, second := request("first"), request("second {{ x }}")
	loaded := &plan.Plan{Items: []plan.Item{first, &plan.Delay{}, second}}
	recorded := []entry{
		{Name: "first", Duration: 10 * ms, Timed: true},
		{Name: "other", Duration: 20 * ms, Timed: true},
		{Name: "too many"},
	}
	compare := func(threshold float64) *comparison {
		t.Helper()
		c, err := newComparison(loaded, recorded, threshold)
		if err != nil {
			t.Fatal(err)
		}
		end := func(item plan.Item, iteration int, took time.Duration) {
			c.End(&load.Event{Item: item, Iteration: iteration, Status: 200, Took: took})
		}
		end(first, 0, 15*ms)
		end(first, 1, 15*ms+1)
		end(second, 1, 1500*ms)
		end(second, 0, 26500*time.Microsecond) // the iterations are in flight at the same time
		c.End(&load.Event{Item: second, Iteration: 2, Class: "timeout", Took: 60 * ms})
		c.End(&load.Event{Item: second, Iteration: 3, Err: os.ErrInvalid}) // not sent
		c.End(&load.Event{Item: loaded.Items[1], Iteration: 0})
		return c
	}
	c := compare(5)
	n := 0
	got := printed(t, Format{}, func(p *Printer) { n = p.Compared(c) })
	const want = "\n" +
		"second {{ x }}            is 7ms slower than before\n" +
		"first                     is 5ms slower than before\n" +
		"second {{ x }}            is 1480ms slower than before\n" +
		"second {{ x }}            is 40ms slower than before\n"
	if diff := cmp.Diff(want, got); diff != "" || n != 4 {
		t.Errorf("%d are slower: (-want +got)\n%s", n, diff)
	}
	if diff := cmp.Diff([]string{`request 2 is "second {{ x }}", in the report it is "other"`}, c.renamed()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	got = printed(t, Format{}, func(p *Printer) { n = p.Compared(compare(1e6)) })
	if got != "\n" || n != 0 {
		t.Errorf("nothing is slower: %q, %d", got, n)
	}
	got = printed(t, Format{Colour: true}, func(p *Printer) { p.Compared(compare(1000)) })
	if want := "\n\x1b[32msecond {{ x }}           \x1b[0m is \x1b[31m1480\x1b[0m\x1b[31mms\x1b[0m slower than before\n"; got != want {
		t.Errorf("in colour: %q", got)
	}

	check := func(recorded []entry, want string) {
		t.Helper()
		if _, err := newComparison(loaded, recorded, 0); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	check(recorded[:1], "the report has 1 requests, the plan has 2")
	check([]entry{{Timed: true}, {Name: "x"}}, `the report has no duration for its request 2, "x"`)
}
