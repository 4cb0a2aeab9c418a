package plan

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// urlUse is a place where the URL of a request stands.
type urlUse struct {
	f    *file
	node *yaml.Node
	text vars.Text
}

// readBase reads the key base, with variables of the environment filled in. A
// base from the command line takes its place.
func (l *loader) readBase(f *file, e entry) {
	p := l.plan
	if l.opt.Base != "" {
		p.Base = l.opt.Base
		return
	}
	switch k := resolve(e.value); k {
	case kindNull:
		return
	case kindString:
	default:
		l.warn(f, e.value, fmt.Sprintf("base is %s, not text: it is ignored", k), unquoted(e.value))
		return
	}
	l.base = e.value
	text := vars.Parse(e.value.Value)
	for _, name := range text.Names() {
		if _, ok := vars.NewScope(l.opt.Env).Get(name); !ok {
			l.fail(f, f.find(e.value, name), fmt.Sprintf("the environment has no %s for base", name), fmt.Sprintf("set it: %s=… before the command", name))
			l.baseFailed = true
		}
	}
	if !l.baseFailed {
		p.Base, _ = text.Render(vars.NewScope(l.opt.Env), nil)
	}
}

// addresses works out where the requests go that no variable can change, once
// all items are read: any of them may set the variable base.
func (l *loader) addresses() {
	p := l.plan
	failed := l.baseFailed
	if p.Base != "" {
		var err error
		p.Origin, err = weburl.Parse(p.Base)
		if err != nil && !errors.Is(err, weburl.ErrScheme) && !l.moving {
			failed = true
			l.badBase(err)
		}
	}
	seen := make(map[*yaml.Node]bool)
	for _, u := range l.urls {
		if seen[u.node] {
			continue
		}
		seen[u.node] = true
		slash := strings.HasPrefix(u.text.String(), "/")
		switch {
		case slash && (l.moving || failed):
		case slash && p.Base == "":
			l.failAt(u.f, u.node, fmt.Sprintf("the url %q needs a base", shownURL(u.text.String())),
				fmt.Sprintf("add base: http://localhost:3000 to %s", p.File))
		case u.text.Static():
			if _, err := p.address(u.text.String()); err != nil {
				l.badURL(u, err)
			}
		}
	}
	if len(l.errs) == 0 {
		l.fix()
	}
}

// badBase reports a base that no URL can go to. One that is not used does no
// harm.
func (l *loader) badBase(err error) {
	used := slices.ContainsFunc(l.urls, func(u urlUse) bool { return strings.HasPrefix(u.text.String(), "/") })
	msg := fmt.Sprintf("the base %q %v", shownURL(l.plan.Base), err)
	benchmark := l.stack[0].file
	switch {
	case l.base == nil:
		l.fail(nil, Position{}, msg, baseHint)
	case used:
		l.failAt(benchmark, l.base, msg, baseHint)
	default:
		l.warn(benchmark, l.base, msg, "no url goes there")
	}
}

const baseHint = "write http://host, http://host:port or unix:/path/of/socket"

func (l *loader) badURL(u urlUse, err error) {
	text := u.text.String()
	if errors.Is(err, weburl.ErrScheme) { // a failed request in drill
		l.warn(u.f, u.node, fmt.Sprintf("the url %q %v: the request fails each time", shownURL(text), err), "")
		return
	}
	hint := ""
	switch {
	case strings.HasPrefix(text, "/"):
		text = l.plan.Base + text
	case !strings.Contains(text, "://"):
		hint = "write http://host/path, or /path to go to base"
	}
	l.failAt(u.f, u.node, fmt.Sprintf("the url %q %v", shownURL(text), err), hint)
}

// shownURL gives a URL for a message.
func shownURL(text string) string { return short(weburl.WithoutUser(text)) }

// address works out where a URL without variables goes. One that begins with a
// slash is put behind the base as it stands.
func (p *Plan) address(url string) (weburl.URL, error) {
	if !strings.HasPrefix(url, "/") {
		return weburl.Parse(url)
	}
	if p.Origin.Scheme == "unix" && p.Origin.Target == "/" {
		return p.Origin.WithTarget(url)
	}
	return weburl.Parse(p.Base + url)
}

// fix gives every request its address that can have one.
func (l *loader) fix() {
	p := l.plan
	known := make(map[string]weburl.URL)
	for _, r := range p.Requests() {
		url := r.URL.String()
		if !r.URL.Static() || strings.HasPrefix(url, "/") && (l.moving || p.Base == "") {
			continue
		}
		u, ok := known[url]
		if !ok {
			var err error
			if u, err = p.address(url); err != nil {
				continue // reported already
			}
			known[url] = u
		}
		r.authorize(u)
		u.User, u.Password = "", ""
		r.Parsed, r.Address = u, u.String()
	}
}

// authorize turns the user and password of a URL into a header, unless there is
// one.
func (r *Request) authorize(u weburl.URL) {
	const name = "authorization"
	has := slices.ContainsFunc(r.Headers, func(h Header) bool { return strings.EqualFold(h.Name, name) })
	if u.User == "" && u.Password == "" || has {
		return
	}
	value := "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User+":"+u.Password))
	r.Headers = append(slices.Clip(r.Headers), Header{name, vars.Parse(value)}) // a loop's requests share theirs
}
