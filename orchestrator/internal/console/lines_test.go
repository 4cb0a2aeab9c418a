package console

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

func TestItemLines(t *testing.T) {
	step := func(name string) plan.Step { return plan.Step{Name: name} }
	plain := Format{}
	coloured := Format{Colour: true}
	for name, c := range map[string]struct {
		format Format
		event  load.Event
		want   string
	}{
		"answered": {
			plain,
			load.Event{Item: request("raw {{ id }}"), Name: "Fetch user 7", URL: "http://localhost:9000/users/7", Status: 200, Took: 12400 * time.Microsecond},
			"Fetch user 7              http://localhost:9000/users/7 200 OK 12ms\n",
		},
		"answered in colour": {
			coloured,
			load.Event{Item: request("r"), Name: "Fetch", URL: "http://x/", Status: 404, Took: time.Millisecond},
			"\x1b[32mFetch                    \x1b[0m \x1b[1;34mhttp://x/\x1b[0m \x1b[35m404 Not Found\x1b[0m \x1b[36m1ms\x1b[0m\n",
		},
		"server error in colour": {
			coloured,
			load.Event{Item: request("r"), Name: "F", URL: "u", Status: 503, Took: 0},
			"\x1b[32mF                        \x1b[0m \x1b[1;34mu\x1b[0m \x1b[31m503 Service Unavailable\x1b[0m \x1b[36m0ms\x1b[0m\n",
		},
		"other statuses in colour": {
			coloured,
			load.Event{Item: request("r"), Name: "F", URL: "u", Status: 302, Took: 0},
			"\x1b[32mF                        \x1b[0m \x1b[1;34mu\x1b[0m \x1b[33m302 Found\x1b[0m \x1b[36m0ms\x1b[0m\n",
		},
		"nanoseconds": {
			Format{Nanosec: true},
			load.Event{Item: request("r"), Name: "F", URL: "u", Status: 299, Took: 12345678},
			"F                         u 299 <unknown status code> 12345678ns\n",
		},
		"long name": {
			plain,
			load.Event{Item: request("r"), Name: "a name of more than twenty-five characters", URL: "u", Status: 203, Took: 0},
			"a name of more than twenty-five characters u 203 Non Authoritative Information 0ms\n",
		},
		"failure": {
			coloured,
			load.Event{Item: request("r"), Name: "F", URL: "http://localhost:1/", Class: "connect", Err: errors.New("connection refused")},
			"Error connecting 'http://localhost:1/': connect: connection refused\n",
		},
		"failure with a hint": {
			plain,
			load.Event{Item: request("r"), Name: "F", URL: "https://h/", Class: "tls", Err: fmt.Errorf("tls: %w", advised{errors.New("no")})},
			"Error connecting 'https://h/': tls: no (hint: say yes)\n",
		},
		"never sent": {
			plain,
			load.Event{Item: request("get {{ x }}"), Name: "get ", Err: &vars.UnknownError{Name: "x"}},
			"",
		},
		"assign": {
			plain,
			load.Event{Item: &plan.Assign{Step: step("s"), Key: "foo", Value: "{{ bar }}"}, Name: "Assign values"},
			"Assign values             foo={{ bar }}\n",
		},
		"assign in colour": {
			coloured,
			load.Event{Item: &plan.Assign{Step: step("s"), Key: "foo", Value: "bar"}, Name: "A"},
			"\x1b[32mA                        \x1b[0m \x1b[1;36mfoo\x1b[0m=\x1b[35mbar\x1b[0m\n",
		},
		"assert": {
			plain,
			load.Event{Item: &plan.Assert{Step: step("s"), Key: "foo.status", Value: "200"}, Name: "Assert"},
			"Assert                    foo.status=200?\n",
		},
		"delay": {
			plain,
			load.Event{Item: &plan.Delay{Step: step("s"), For: 3 * time.Second}, Name: "Wait"},
			"Wait                      3s\n",
		},
		"delay of a fraction, in colour": {
			coloured,
			load.Event{Item: &plan.Delay{Step: step("s"), For: 500 * time.Millisecond}, Name: "W"},
			"\x1b[32mW                        \x1b[0m \x1b[1;36m0.5\x1b[0m\x1b[35ms\x1b[0m\n",
		},
		"exec": {
			plain,
			load.Event{Item: &plan.Exec{Step: step("s"), Command: vars.Parse("echo {{ foo }}")}, Name: "Run"},
			"Run                       echo {{ foo }}\n",
		},
		"exec that broke": {
			plain,
			load.Event{Item: &plan.Exec{Step: step("Run"), Command: vars.Parse("true")}, Name: "Run", Err: errors.New("no bash")},
			"Run                       true\n",
		},
		"assigned answer that broke": {
			plain,
			load.Event{Item: request("F"), Name: "F", URL: "u", Status: 200, Took: 0, Err: errors.New("the body is cut off")},
			"F                         u 200 OK 0ms\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := printed(t, c.format, func(p *Printer) { p.End(&c.event) })
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestVerbose(t *testing.T) {
	e := load.Event{
		Item: request("Fetch"), Name: "Fetch", URL: "http://localhost:9000/a b", Method: "POST",
		Status: 201, Took: 1234567,
		Sent: []load.Field{{Name: "User-Agent", Value: "drill"}, {Name: "X-Quote", Value: `a "b" \ ü`}},
	}
	format := Format{Verbose: true}
	got := printed(t, format, func(p *Printer) {
		p.Begin(&e)
		e.Final = "http://localhost:9000/c"
		e.Answer = []load.Field{{Name: "Set-Cookie", Value: "a=1"}, {Name: "Date", Value: "now"}, {Name: "set-cookie", Value: "b=2"}}
		p.End(&e)
		e.Body, e.HasBody = []byte("{\"a\": 1}\n"), true
		p.End(&e)
	})
	const sent = `>>> URL: http://localhost:9000/a b, METHOD: POST, HEADERS: {"user-agent": "drill", "x-quote": "a \"b\" \ \xc3\xbc"}` + "\n"
	const line = "Fetch                     http://localhost:9000/a b 201 Created 1ms\n"
	const answer = `<<< URL: http://localhost:9000/c, STATUS: 201 Created, HEADERS: {"set-cookie": "a=1", "set-cookie": "b=2", "date": "now"} DURATION: 1.2346 ms,`
	want := sent + line + answer + "\n" + line + answer + ` BODY: "{\"a\": 1}\n"` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	// Quiet and verbose are independent: the dumps stay, the lines go.
	format.Quiet = true
	got = printed(t, format, func(p *Printer) { p.End(&e) })
	if want := answer + ` BODY: "{\"a\": 1}\n"` + "\n"; got != want {
		t.Errorf("quiet and verbose: %q", got)
	}
	got = printed(t, format, func(p *Printer) {
		p.End(&load.Event{Item: request("F"), URL: "http://x/", Class: "timeout"})
	})
	if want := "Error connecting 'http://x/': timeout\n"; got != want {
		t.Errorf("quiet and verbose, a failure: %q", got)
	}

	coloured := printed(t, Format{Verbose: true, Colour: true}, func(p *Printer) {
		p.Begin(&load.Event{Item: request("F"), URL: "u", Method: "GET"})
	})
	if want := "\x1b[1;32m>>>\x1b[0m \x1b[1mURL:\x1b[0m u, \x1b[1mMETHOD:\x1b[0m GET, \x1b[1mHEADERS:\x1b[0m {}\n"; coloured != want {
		t.Errorf("in colour: %q", coloured)
	}
}

func TestLinesOnlyWhereSomethingIsPrinted(t *testing.T) {
	for _, c := range []struct {
		format Format
		want   bool
	}{
		{Format{}, true},
		{Format{Quiet: true}, false},
		{Format{Quiet: true, Verbose: true}, true},
		{Format{Verbose: true}, true},
	} {
		if got := New(nil, c.format).Lines() != nil; got != c.want {
			t.Errorf("%+v: %v", c.format, got)
		}
	}
}

func TestDebugQuotes(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		if got := string(appendDebug(nil, text)); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	check("", `""`)
	check(`it's "quoted" \ here`, `"it's \"quoted\" \\ here"`)
	check("\t\r\n\x00", `"\t\r\n\0"`)
	check("\x1b[0m\x7f", `"\u{1b}[0m\u{7f}"`)
	check("grün 日本 🎉", `"grün 日本 🎉"`)
	check("e\u0301", `"e\u{301}"`)                                // an accent of its own
	check("a\u200bb\u00a0c\ufeff", `"a\u{200b}b\u{a0}c\u{feff}"`) // not to be seen
	check("bad \xff\xfe", `"bad ��"`)
}

func TestHeaderValues(t *testing.T) {
	check := func(value, want string) {
		t.Helper()
		if got := string(appendHeaderValue(nil, value)); got != want {
			t.Errorf("%q is %s, want %s", value, got, want)
		}
	}
	check("text/html; charset=\"x\"", `"text/html; charset=\"x\""`)
	check(`C:\dir`, `"C:\dir"`)
	check("tab\there", "\"tab\there\"")
	check("\x01\x7f\xe9", `"\x1\x7f\xe9"`)
}

func TestObserve(t *testing.T) {
	if got := observe(nil, nil); got != nil {
		t.Errorf("nobody observes, and it is %v", got)
	}
	a, b := &recorder{}, &recorder{}
	all := observe(a, nil, b)
	all.Begin(answered("x", 200, 0))
	all.End(answered("x", 200, 0))
	if len(a.Entries()) != 1 || len(b.Entries()) != 1 {
		t.Error("not all were told")
	}
}

// BenchmarkLine is what a request costs beyond the sending where its line is
// printed.
func BenchmarkLine(b *testing.B) {
	p := New(io.Discard, Format{})
	e := &load.Event{Item: request("Fetch"), Name: "Fetch", URL: "http://localhost:9000/users/7", Status: 200, Took: 1234567}
	b.ReportAllocs()
	for b.Loop() {
		p.End(e)
	}
}

// advised is an error that says what may be done about it.
type advised struct{ error }

func (advised) Hint() string { return "say yes" }

func TestHintLines(t *testing.T) {
	r := sample()
	r.Hints = []load.Hint{{Class: "tls", Text: "say yes", Requests: 12}, {Class: "closed by server while idle", Text: "keep them", Requests: 1}}
	want := []string{"tls: 12 of 110 requests failed: say yes", "closed by server while idle: 1 of 110 requests failed: keep them"}
	if diff := cmp.Diff(want, hintLines(r)); diff != "" {
		t.Error(diff)
	}
	if got := hintLines(&load.Result{}); got != nil {
		t.Error(got)
	}
}
