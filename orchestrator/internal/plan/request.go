package plan

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

var (
	requestKeys = []string{"url", "method", "headers", "body"}
	methods     = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}
	withBody    = methods[1:4] // drill sends no body with the others
)

// request reads what is under the key of that name; nil after a mistake.
func (l *loader) request(f *file, e entry) *Request {
	if k := resolve(e.value); k != kindMap {
		l.failAt(f, e.key, fmt.Sprintf("request is %s: it must be a mapping with a url", k), "")
		return nil
	}
	before := len(l.errs)
	list := entries(e.value)
	l.unknown(f, list, "a request", requestKeys)
	r := &Request{}
	target := l.url(f, e.key, get(list, "url"))
	r.Method = l.method(f, get(list, "method"))
	r.Headers = l.headers(f, get(list, "headers"))
	if slices.Contains(methods, r.Method) {
		r.Body.Bytes = l.body(f, e.key, r.Method, get(list, "body"))
	}
	if len(l.errs) > before || target == nil {
		return nil
	}
	if u := target.User; u != nil {
		r.authorize(u)
		target.User = nil
	}
	r.URL, r.Address = vars.Parse(get(list, "url").value.Value), target.String()
	return r
}

// authorize turns the user and password of a URL into a header, unless there is
// one.
func (r *Request) authorize(u *url.Userinfo) {
	const name = "authorization"
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, name) {
			return
		}
	}
	password, _ := u.Password()
	value := "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
	r.Headers = append(r.Headers, Header{name, vars.Parse(value)})
}

// url reads the URL of a request and joins it to the base.
func (l *loader) url(f *file, request *yaml.Node, e entry) *url.URL {
	switch k := resolve(e.value); k {
	case kindString, kindInt:
	case kindNull:
		l.failAt(f, request, "the request has no url", "")
		return nil
	case kindHuge:
		return nil
	default:
		l.failAt(f, e.value, fmt.Sprintf("the url is %s: it must be text", k), unquoted(e.value))
		return nil
	}
	if !l.literal(f, e.value) {
		return nil
	}
	text := e.value.Value
	if !strings.HasPrefix(text, "/") {
		u, err := parseURL(text)
		if err != nil {
			hint := ""
			if !strings.Contains(text, "://") {
				hint = "write http://host/path, or /path to go to base"
			}
			l.failAt(f, e.value, fmt.Sprintf("the url %q %v", short(text), err), hint)
			return nil
		}
		return u
	}
	benchmark := l.stack[0].file
	if l.plan.Base == "" {
		l.failAt(f, e.value, fmt.Sprintf("the url %q needs a base", short(text)),
			fmt.Sprintf("add base: http://localhost:3000 to %s", benchmark.name))
		return nil
	}
	if interpolation(l.plan.Base) != "" {
		return nil // reported already
	}
	if _, err := parseURL(l.plan.Base); err != nil {
		l.failAt(benchmark, l.base, fmt.Sprintf("the base %q %v", short(l.plan.Base), err), "write http://host or http://host:port")
		return nil
	}
	u, err := parseURL(l.plan.Base + text)
	if err != nil {
		l.failAt(f, e.value, fmt.Sprintf("the url %q %v", short(l.plan.Base+text), err), "")
		return nil
	}
	return u
}

// method reads the method of a request: GET if there is none.
func (l *loader) method(f *file, e entry) string {
	const standard = "GET"
	switch k := resolve(e.value); k {
	case kindNull:
		return standard
	case kindString:
	default:
		l.warn(f, e.value, fmt.Sprintf("the method is %s, not text: it counts as GET", k), "")
		return standard
	}
	method := strings.ToUpper(e.value.Value)
	if slices.Contains(methods, method) {
		return method
	}
	hint := "one of " + strings.Join(methods, ", ")
	for _, m := range methods {
		if distance(method, m) == 1 && method != "" {
			hint = fmt.Sprintf("did you mean %q?", m)
			break
		}
	}
	l.failAt(f, e.value, fmt.Sprintf("unknown method %q", short(e.value.Value)), hint)
	return ""
}

// headers reads the headers of a request, in order. Of two spellings of one
// name the last one is sent.
func (l *loader) headers(f *file, e entry) []Header {
	switch k := resolve(e.value); k {
	case kindNull:
		return nil
	case kindMap:
	default:
		l.warn(f, e.value, fmt.Sprintf("headers is %s, not a mapping: it is ignored", k), "")
		return nil
	}
	var headers []Header
	for _, e := range entries(e.value) {
		header, ok := l.header(f, e)
		if !ok {
			continue
		}
		same := func(h Header) bool { return strings.EqualFold(h.Name, header.Name) }
		if i := slices.IndexFunc(headers, same); i >= 0 {
			l.warn(f, e.key, fmt.Sprintf("the header %q is given twice: this one is sent", header.Name), "")
			headers = slices.Delete(headers, i, i+1)
		}
		headers = append(headers, header)
	}
	return headers
}

func (l *loader) header(f *file, e entry) (Header, bool) {
	name := e.key.Value
	if resolve(e.key) != kindString || !token(name) {
		l.failAt(f, e.key, fmt.Sprintf("%q cannot be the name of a header", short(name)), "")
		return Header{}, false
	}
	switch k := resolve(e.value); k {
	case kindString:
		if !l.literal(f, e.value) {
			return Header{}, false
		}
	case kindInt, kindFloat, kindBool:
		l.warn(f, e.value, fmt.Sprintf("the header %q is %s, sent as it is written", short(name), k), "quote it")
	case kindHuge:
		return Header{}, false
	default:
		l.failAt(f, e.key, fmt.Sprintf("the header %q is %s: it must be text", short(name), k), unquoted(e.value))
		return Header{}, false
	}
	value := e.value.Value
	if i := strings.IndexFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }); i >= 0 {
		hint := ""
		if strings.IndexByte(value, '\n') == len(value)-1 {
			hint = "a block ends with a line break: begin it with >- or |-"
		}
		l.failAt(f, e.value, fmt.Sprintf("the header %q holds a line break or control character", short(name)), hint)
		return Header{}, false
	}
	return Header{name, vars.Parse(value)}, true
}

// token says whether s can be the name of a header.
func token(s string) bool {
	const others = "!#$%&'*+-.^_`|~"
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune(others, r)
	}) < 0
}

// body reads the body of a request. As in drill, three methods must have one
// and the others go without.
func (l *loader) body(f *file, request *yaml.Node, method string, e entry) []byte {
	const forms = `it must be text, "file: PATH" or "hex: DIGITS"`
	if !slices.Contains(withBody, method) {
		if e.value != nil {
			l.warn(f, e.key, "a "+method+" request is sent without its body", "")
		}
		return nil
	}
	switch k := resolve(e.value); k {
	case kindString:
		if !l.literal(f, e.value) {
			return nil
		}
		return []byte(e.value.Value)
	case kindNull:
		at := request
		if e.value != nil {
			at = e.key
		}
		l.failAt(f, at, "a "+method+" request needs a body", `an empty one is body: ""`)
	case kindMap:
		form := get(entries(e.value), "file")
		if form.value == nil {
			form = get(entries(e.value), "hex")
		}
		if form.value == nil {
			l.failAt(f, e.key, "the body is a mapping without file or hex: "+forms, unquoted(e.value))
			break
		}
		l.failAt(f, form.key, fmt.Sprintf("a body from %q is not supported yet", form.key.Value), "")
	case kindHuge:
	default:
		l.failAt(f, e.value, fmt.Sprintf("the body is %s: %s", k, forms), asText(e.value))
	}
	return nil
}
