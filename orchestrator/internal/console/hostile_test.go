package console

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// hostile are texts that nobody should see as they are.
var hostile = map[string]string{
	"escapes": "\x1b[2J\x1b]0;title\x07\x08\x7f",
	"upper":   "\u009b31m\u0085",
	"bytes":   "\x9b31m\xff",
	"bidi":    "\u202egnp.exe\u202c\u2066\u200f",
	"unseen":  "\u200b\u2060\ufeff\u00ad\U000e0041",
	"lines":   "a\r\nb\n\n\tc\u2028d",
	"endless": strings.Repeat("x", 64_000),
	"all":     "\x1b[1m\n\u202e" + strings.Repeat("y\x1b", 32_000),
}

// own are the colours that a Printer uses.
var own = regexp.MustCompile(`\x1b\[(?:1|31|32|33|35|36|1;32|1;33|1;34|1;36|0)m`)

func TestHostileTexts(t *testing.T) {
	for kind, text := range hostile {
		step := plan.Step{Name: text, Tags: []string{text}}
		get := &plan.Request{Step: step, Method: "GET", URL: vars.Parse(text)}
		fields := []load.Field{{Name: "X-" + text, Value: text}}
		events := []load.Event{
			{Item: get, Name: text, URL: text, Final: text, Status: 200, Method: text, Sent: fields, Answer: fields, Body: []byte(text), HasBody: true},
			{Item: get, Name: text, URL: text, Class: text, Err: errors.New(text)},
			{Item: &plan.Assign{Step: step, Key: text, Value: text}, Name: text},
			{Item: &plan.Assert{Step: step, Key: text, Value: text}, Name: text},
			{Item: &plan.Exec{Step: step, Command: vars.Parse(text)}, Name: text},
		}
		loaded := &plan.Plan{Base: text, Concurrency: 1, Iterations: 1, Refused: []plan.Refused{{Key: text}}, Items: []plan.Item{get}}
		setup := Setup{Proxy: text}
		r := sample()
		r.Errors, r.Statuses = map[string]int{text: 1, text + "2": 1}, map[string]int{text: 2}
		r.Mistakes = []load.Mistake{{Item: text, Text: text, N: 1}, {Text: text, N: 2}}
		r.Groups[0].Name = text
		compared, err := newComparison(loaded, []entry{{Name: "was", Timed: true}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		compared.End(&load.Event{Item: get, Status: 200, Took: time.Second})
		for name, f := range map[string]Format{"plain": {}, "coloured": {Colour: true}, "verbose": {Verbose: true, Colour: true}} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				longest := 6000
				if f.Verbose {
					longest += 40 * len(text) // all is to be seen
				}
				checkPrinted(t, longest, printed(t, f, func(p *Printer) {
					p.Banner(loaded, setup)
					for i := range events {
						p.Begin(&events[i])
						p.End(&events[i])
					}
					p.Stats(Run{Plan: loaded, Setup: setup, Result: r})
					p.Compared(compared)
				}))
				p := New(nil, f)
				lines := append(brokenLines(r), p.UnknownVariable(text))
				checkPrinted(t, longest, strings.Join(lines, "\n"))
			})
		}
		t.Run(kind+"/lists", func(t *testing.T) {
			checkPrinted(t, 1000+20*len(text), printed(t, Format{Colour: true}, func(p *Printer) {
				p.Tags(&plan.Listing{Tags: []string{text}})
				p.Tasks([]string{"- name: " + text}, []string{text}, []string{text})
			}))
		})
		t.Run(kind+"/json", func(t *testing.T) {
			var b bytes.Buffer
			if err := writeJSON(&b, Run{Plan: loaded, Setup: setup, Result: r}); err != nil {
				t.Fatal(err)
			}
			checkPrinted(t, 1_000_000, b.String())
		})
	}
}

// checkPrinted sees that a text holds nothing that a terminal acts on but our
// own colours, line ends and tabs, and no line beyond a length.
func checkPrinted(t *testing.T, longest int, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Error("what is printed is no UTF-8")
	}
	text = own.ReplaceAllString(text, "")
	for i, r := range text {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			t.Fatalf("%+q is printed in %+q", r, text[max(0, i-60):min(len(text), i+20)])
		}
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(line); n > longest {
			t.Errorf("a line of %d characters: %.200s", n, line)
		}
	}
}

// TestOrdinaryTextStays holds what people write in their languages against what
// drill prints of it.
func TestOrdinaryTextStays(t *testing.T) {
	for _, text := range []string{"Größe ändern", "Загрузить", "読み込み", "می\u200cخواهم", "👩\u200d👩\u200d👧 🏳️\u200d🌈 👍🏽", "a b", `C:\x1b`, "|`<b>`|"} {
		e := answered(text, 200, 0)
		want := text + strings.Repeat(" ", 25-utf8.RuneCountInString(text)) + " http://localhost:3000/ 200 OK 0ms\n"
		if got := printed(t, Format{}, func(p *Printer) { p.End(e) }); got != want {
			t.Errorf("%q is printed as %q", want, got)
		}
	}
}
