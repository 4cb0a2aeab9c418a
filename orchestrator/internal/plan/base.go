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
		p.Base = joinable(l.opt.Base)
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
	text := l.template(f, f, e.value, e.value.Value)
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

// joinable gives a base of the command line without slashes at its end, for the
// paths behind it bring one along. That of a file stays as it is: drill puts it
// in front of a path letter by letter.
func joinable(base string) string {
	u, err := weburl.Parse(base)
	switch {
	case err != nil: // which is reported as it was given
		return base
	case u.Scheme == "unix":
		return strings.TrimRight(base, "/")
	}
	return strings.TrimRight(base, `/\`)
}

// addresses works out where the requests go that no variable can change, once
// all items are read: any of them may set the variable base.
func (l *loader) addresses() {
	p := l.plan
	failed := l.baseFailed
	if p.Base != "" {
		var err error
		p.Origin, err = weburl.Parse(p.Base)
		if err == nil {
			err = endless(p.Base)
		}
		switch {
		case l.moving || errors.Is(err, weburl.ErrScheme):
		case err != nil:
			failed = true
			l.badBase(err)
		default:
			l.twoSlashes()
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

// endless says what a base has behind its path: no path can follow that.
func endless(base string) error {
	if scheme, rest, _ := strings.Cut(base, ":"); strings.EqualFold(strings.TrimSpace(scheme), "unix") {
		_, base, _ = strings.Cut(rest, ":/") // the path of a socket may hold any character
	}
	switch i := strings.IndexAny(base, "?#"); {
	case i < 0:
		return nil
	case base[i] == '#':
		return errFragment
	}
	return errQuery
}

var (
	errQuery    = errors.New("has a query, and the path of a request would become part of it")
	errFragment = errors.New("has a fragment, and the path of a request would become part of it")
)

// twoSlashes warns of a base of the file that ends with a slash, which the path
// of a request begins with too. Both are sent, as drill does.
func (l *loader) twoSlashes() {
	origin := l.plan.Origin
	joined := origin.Scheme == "unix" && origin.Target == "/"
	if l.base == nil || joined || !strings.HasSuffix(l.plan.Base, "/") || !l.baseUsed() {
		return
	}
	l.warn(l.stack[0].file, l.base, "the base ends with a slash, so the path of a url that begins with one has two, as in drill", "take the slash off the base")
}

// baseUsed says whether some URL stands behind the base.
func (l *loader) baseUsed() bool {
	return slices.ContainsFunc(l.urls, func(u urlUse) bool { return strings.HasPrefix(u.text.String(), "/") })
}

// badBase reports a base that no URL can go to. One that is not used does no
// harm.
func (l *loader) badBase(err error) {
	msg := fmt.Sprintf("the base %q %v", shownURL(l.plan.Base), err)
	benchmark := l.stack[0].file
	hint, given := baseHint, ""
	if err == errQuery || err == errFragment {
		hint = "end it before the ? or #, and write the query behind the path of each request"
		given = "--base-url: "
	}
	switch {
	case l.base == nil:
		l.fail(nil, Position{}, given+msg, hint)
	case l.baseUsed():
		l.failAt(benchmark, l.base, msg, hint)
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
