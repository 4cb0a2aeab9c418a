package load

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// program is a plan made ready to run, with the settings of the run. All
// workers share it; but for the mistakes and hints it does not change.
type program struct {
	opt      Options
	target   Target // zero: where the URLs say
	direct   route  // to target
	base     string
	steps    []step
	groups   []string // names of requests
	scoped   bool     // some item looks at a variable
	unknown  func(name string)
	dialer   dialer
	mistakes mistakes
	hints    hints
}

// step is one item of the plan.
type step struct {
	item    plan.Item
	request *request  // nil: it is none
	probe   vars.Text // of an assert: what renders its variable
}

// request is what is known of a plan's request before the start.
type request struct {
	*plan.Request
	group int      // index in program.groups
	names []string // of Headers, in lower case
	want  expect

	relative bool // the URL stands behind the base
	located  bool // what follows is fixed, as long as the base is
	url      weburl.URL
	shown    string // the URL's text, for the observer
	route    *route

	body  []byte // nil where a variable changes it
	fixed *call  // nil where a variable changes anything
}

// prepare makes a plan ready. The error is about a request that could never be
// sent.
func prepare(p *plan.Plan, target Target, opt Options) (*program, error) {
	prog := &program{opt: opt, target: target, direct: route{dial: target}, base: p.Base}
	if opt.Relaxed {
		prog.unknown = opt.Unknown
		if prog.unknown == nil {
			prog.unknown = func(string) {}
		}
	}
	groups := map[string]int{}
	for _, item := range p.Items {
		s := step{item: item}
		switch item := item.(type) {
		case *plan.Request:
			group, known := groups[item.Name]
			if !known {
				group = len(prog.groups)
				groups[item.Name] = group
				prog.groups = append(prog.groups, item.Name)
			}
			r, err := prog.request(item)
			if err != nil {
				return nil, fmt.Errorf("request %q: %w", item.Name, err)
			}
			r.group = group
			s.request = r
			prog.scoped = prog.scoped || r.fixed == nil || !item.Shown.Static()
		case *plan.Exec:
			prog.scoped = prog.scoped || !item.Command.Static()
		case *plan.Assert:
			// As in any text, what cannot be a variable's name stands for itself.
			s.probe, prog.scoped = vars.Parse("{{ "+item.Key+" }}"), true
		}
		prog.steps = append(prog.steps, s)
	}
	return prog, nil
}

// request prepares one request. Where nothing in it can change, it is rendered
// here, once and for all workers.
func (p *program) request(item *plan.Request) (*request, error) {
	if !plan.IsToken(item.Method) {
		return nil, fmt.Errorf("%q is not a method", item.Method)
	}
	r := &request{Request: item, relative: strings.HasPrefix(item.URL.String(), "/")}
	r.want = expect{head: item.Method == "HEAD", body: item.Assign != "", fields: item.Assign != "" || p.opt.Verbose}
	fixed := true
	for _, h := range item.Headers {
		if !plan.IsToken(h.Name) {
			return nil, fmt.Errorf("%q is not a header name", h.Name)
		}
		r.names = append(r.names, strings.ToLower(h.Name))
		fixed = fixed && h.Value.Static()
	}
	if item.Address != "" {
		url, err := weburl.Parse(item.Address)
		if err != nil && !errors.Is(err, weburl.ErrScheme) { // that one fails when it is sent
			return nil, urlError(err)
		}
		r.located, r.url, r.route = err == nil, url, p.route(url)
		r.shown = item.URL.String()
		if r.relative {
			r.shown, _, _ = behind(p.base, r.shown)
		}
		r.shown = weburl.WithoutUser(r.shown)
	}
	switch {
	case item.Body.Bytes != nil:
		r.body = item.Body.Bytes
	case item.Body.Text.Static():
		r.body = []byte(item.Body.Text.String())
	default:
		fixed = false
	}
	if !fixed || !r.located {
		return r, nil
	}
	c := newComposer(p)
	call, err := c.compose(r)
	if err != nil {
		return nil, err
	}
	r.fixed = call
	return r, nil
}

// behind puts a URL that begins with a slash behind the base, as it stands. It
// gives the text and what it means. Only the path of a socket needs a mark where
// it ends.
func behind(base, text string) (string, weburl.URL, error) {
	if strings.HasPrefix(base, "unix:") {
		if socket, err := weburl.Parse(base); err == nil && socket.Target == "/" {
			url, err := socket.WithTarget(text)
			return base + ":" + text, url, err
		}
	}
	url, err := weburl.Parse(base + text)
	return base + text, url, err
}

// composer puts requests together for one worker, in buffers that are used
// again.
type composer struct {
	prog    *program
	scope   *vars.Scope
	base    any                          // the variable base
	moved   bool                         // it was assigned to
	cookies any                          // the variable cookies: nil, or an object of texts
	own     map[string]map[string]string // by origin: the cookies that it set itself
	call    call                         // the last one that was put together
	head    []byte                       // of call
	text    []byte                       // of its body
}

func newComposer(p *program) composer {
	return composer{prog: p, scope: vars.NewScope(p.opt.Env), base: p.base}
}
