package load

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// say answers with JSON.
func say(w net.Conn, body string, headers ...string) bool {
	_, err := fmt.Fprintf(w, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n%s",
		len(body), strings.Join(append(headers, ""), "\r\n"), body)
	return err == nil
}

// vary makes a request all of whose texts may have variables.
func vary(method, url, body string, headers ...Field) *plan.Request {
	r := &plan.Request{
		Step: plan.Step{Name: url}, Shown: vars.Parse(url), Method: method,
		URL: vars.Parse(url), Body: plan.Body{Text: vars.Parse(body)},
	}
	for _, h := range headers {
		r.Headers = append(r.Headers, plan.Header{Name: h.Name, Value: vars.Parse(h.Value)})
	}
	return r
}

func assigning(r *plan.Request, name string) *plan.Request {
	r.Assign = name
	return r
}

func looped(r *plan.Request, values ...any) *plan.Request {
	r.Loop = plan.NewLoop(values...)
	return r
}

// notes is an Observer that keeps what it is told, as lines.
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) Begin(e *Event) { n.add(fmt.Sprintf("> %s %s %v", e.Method, e.Final, e.Sent)) }

func (n *notes) End(e *Event) {
	line := e.Name
	if e.URL != "" {
		line += fmt.Sprintf(" %s %d", e.URL, e.Status)
	}
	if e.Class != "" {
		line += " " + e.Class
	}
	if e.Err != nil {
		line += ": " + e.Err.Error()
	}
	if e.Final != "" {
		line += fmt.Sprintf(" < %s %v", e.Final, e.Answer)
	}
	if e.HasBody {
		line += fmt.Sprintf(" %q", e.Body)
	}
	n.add(line)
}

func (n *notes) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
}

// lines gives what a recorder saw, as "POST /x body".
func (r *recorder) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for _, s := range r.requests {
		lines = append(lines, strings.TrimSpace(strings.TrimSuffix(s.line, " HTTP/1.1")+" "+s.body))
	}
	return lines
}

// Every kind of item, in order, with the values that go from one to the next.
func TestItems(t *testing.T) {
	rec := &recorder{reply: func(w net.Conn, s seen) bool { return say(w, `{"id":7,"tags":["a","b"]}`, "X-Two: 1", "x-two: 2") }}
	base := "http://" + rec.listen(t, "tcp").Address
	p := planOf[plan.Item](1, 2,
		assigning(vary("GET", "/it/{{ iteration }}", ""), "got"),
		&plan.Assert{Step: plan.Step{Name: "status"}, Key: "got.status", Value: "200"},
		&plan.Assign{Step: plan.Step{Name: "literal"}, Key: "word", Value: "{{ got }}"},
		&plan.Exec{Step: plan.Step{Name: "shout"}, Command: vars.Parse("echo '{{ got.body.tags }}' | tr a-z A-Z; echo lost >&2; exit 3"), Assign: "out"},
		looped(vary("POST", "/{{ index }}/{{ item.k }}", "{{ word }} {{ out }} {{ got.headers.x-two }} {{ HOME }}"), map[string]any{"k": "u"}, map[string]any{"k": "v"}),
		&plan.Delay{Step: plan.Step{Name: "wait"}, For: time.Millisecond},
		&plan.Assign{Step: plan.Step{Name: "move"}, Key: "base", Value: base + "/moved"},
		vary("PUT", "/{{ item.k }}{{ index }}", "", Field{"X-Id", "{{ got.body.id }}"}),
	)
	p.Base = base
	var seen notes
	got := mustRun(t, p, Target{}, Options{Env: vars.Env{"HOME": "/root"}, Observer: &seen})
	rec.stop()
	one := func(i int) []string {
		return []string{
			fmt.Sprintf("GET /it/%d", i), `POST /0/u {{ got }} ["A","B"] 2 /root`, `POST /1/v {{ got }} ["A","B"] 2 /root`, "PUT /moved/v1",
		}
	}
	if diff := cmp.Diff(append(one(0), one(1)...), rec.lines()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if rec.conns != 1 || rec.requests[3].header.Get("x-id") != "7" {
		t.Errorf("%d connections, headers %v", rec.conns, rec.requests[3].header)
	}
	if got.Iterations != 2 || got.Broken != 0 || got.Requests != 8 || len(got.Groups) != 3 || got.Groups[0].Name != "/it/{{ iteration }}" || got.Groups[0].Requests != 2 {
		t.Errorf("result %+v", got)
	}
	want := []string{
		"/it/0 " + base + "/it/0 200", "status", "literal", "shout",
		"/0/u " + base + "/0/u 200", "/1/v " + base + "/1/v 200", "wait", "move", "/v1 " + base + "/moved/v1 200",
	}
	if diff := cmp.Diff(want, seen.lines[:9]); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// What breaks an iteration is counted and named, and the next one has its own
// chance. What comes before is sent, what comes after is not.
func TestMistakes(t *testing.T) {
	secret := "s3cret"
	for name, c := range map[string]struct {
		items []plan.Item
		want  string
	}{
		"assert number":  {[]plan.Item{&plan.Assert{Key: "got.status", Value: "404"}}, `got.status is 200, not "404"`},
		"assert text":    {[]plan.Item{&plan.Assert{Key: "got.body.token", Value: "x"}}, `got.body.token is another text, not "x"`},
		"assert key":     {[]plan.Item{&plan.Assign{Key: "X-Api-Key", Value: "1"}, &plan.Assert{Key: "X-Api-Key", Value: "2"}}, "X-Api-Key is not what the plan says"},
		"assert cookie":  {[]plan.Item{&plan.Assign{Key: "cookies", Value: "1"}, &plan.Assert{Key: "cookies", Value: "2"}}, "cookies is not what the plan says"},
		"assert null":    {[]plan.Item{&plan.Assert{Key: "got.body.none", Value: "x"}}, `got.body.none is null, not "x"`},
		"assert unknown": {[]plan.Item{&plan.Assert{Key: "got.body.other", Value: ""}}, "unknown variable got.body.other"},
		"assert no name": {[]plan.Item{&plan.Assign{Key: "_x", Value: "1"}, &plan.Assert{Key: "_x", Value: "1"}}, `_x is no name of a variable, not "1"`},
		"unknown":        {[]plan.Item{vary("GET", "/{{ nobody }}", "")}, "unknown variable nobody"},
		"unknown name":   {[]plan.Item{&plan.Request{Step: plan.Step{Name: "x"}, Method: "GET", Shown: vars.Parse("{{ nobody }}"), Address: "http://h/"}}, "unknown variable nobody"},
		"unknown exec":   {[]plan.Item{&plan.Exec{Command: vars.Parse("echo {{ nobody }}")}}, "unknown variable nobody"},
		"header":         {[]plan.Item{vary("GET", "/", "", Field{"X-Token", "{{ got.body.lines }}"})}, "header x-token has a value with control characters"},
		"url":            {[]plan.Item{vary("GET", "{{ got.body.token }}", "")}, "the url is not absolute"},
		"url's port":     {[]plan.Item{vary("GET", "http://u:{{ got.body.token }}/x@h/", "")}, "the url is not a URL: invalid port"},
		"base":           {[]plan.Item{assigning(vary("GET", "/", ""), "base"), vary("GET", "/", "")}, "the variable base is not a text"},
		"cookies":        {[]plan.Item{&plan.Assign{Key: "cookies", Value: "x"}, vary("GET", "/", "")}, "the variable cookies is not an object of texts"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := &recorder{reply: func(w net.Conn, s seen) bool {
				return say(w, `{"token":"`+secret+`","none":null,"lines":"`+secret+`\n"}`)
			}}
			items := append([]plan.Item{assigning(vary("GET", "/first", ""), "got")}, c.items...)
			p := planOf(1, 3, append(items, vary("GET", "/never", ""))...)
			p.Base = "http://" + rec.listen(t, "tcp").Address
			got := mustRun(t, p, Target{}, Options{})
			rec.stop()
			if got.Iterations != 3 || got.Broken != 3 || len(got.Mistakes) != 1 || got.Mistakes[0].N != 3 || got.Mistakes[0].Text != c.want {
				t.Errorf("%d iterations, %d broken, %+v; want %s", got.Iterations, got.Broken, got.Mistakes, c.want)
			}
			for _, line := range rec.lines() {
				if line == "GET /never" {
					t.Error("the iteration went on")
				}
			}
		})
	}
}

// Nothing of one iteration is known in the next, or in those beside it.
func TestFreshIterations(t *testing.T) {
	rec := &recorder{reply: func(w net.Conn, s seen) bool { return say(w, `{"n":1}`, "set-cookie: a=b") }}
	p := planOf[plan.Item](3, 30,
		vary("GET", "/{{ base }}/{{ cookies }}/{{ item }}{{ index }}{{ x }}{{ y }}{{ z }}", ""),
		&plan.Assign{Key: "x", Value: "1"},
		&plan.Exec{Command: vars.Parse("echo 2"), Assign: "y"},
		assigning(looped(vary("GET", "/two", ""), "i"), "z"),
		&plan.Assign{Key: "base", Value: "none"},
	)
	p.Base = "http://" + rec.listen(t, "tcp").Address
	got := mustRun(t, p, Target{}, Options{Relaxed: true})
	rec.stop()
	if got.Broken != 0 || got.Iterations != 30 {
		t.Errorf("%+v", got)
	}
	first := 0
	for _, s := range rec.requests {
		if s.line == "GET /"+p.Base+"// HTTP/1.1" && s.header.Get("cookie") == "" {
			first++
		}
	}
	if first != 30 {
		t.Errorf("%d of 30 iterations began with nothing: %v", first, rec.lines()[:4])
	}
}

// In a relaxed run an unknown variable is nothing, but not for an assert.
func TestRelaxed(t *testing.T) {
	rec := &recorder{reply: ok}
	p := planOf[plan.Item](1, 1, vary("GET", "/a{{ nobody }}b", ""), &plan.Assert{Key: "nobody", Value: ""})
	p.Base = "http://" + rec.listen(t, "tcp").Address
	var told []string
	got := mustRun(t, p, Target{}, Options{Relaxed: true, Unknown: func(name string) { told = append(told, name) }})
	rec.stop()
	if diff := cmp.Diff([]string{"GET /ab"}, rec.lines()); diff != "" {
		t.Error(diff)
	}
	// Once for the name and once for the URL.
	if got.Broken != 1 || strings.Join(told, " ") != "nobody nobody" {
		t.Errorf("broken %d, told %v", got.Broken, told)
	}
}

// A delay holds its place among those in flight, and nothing else.
func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := planOf(2, 5, &plan.Delay{For: 2 * time.Second})
		start := time.Now()
		got := mustRun(t, p, Target{}, Options{})
		if took := time.Since(start); took != 6*time.Second || got.Iterations != 5 || got.Requests != 0 || got.Latency.N() != 0 {
			t.Errorf("took %v: %+v", took, got)
		}
	})
}
