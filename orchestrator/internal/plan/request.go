package plan

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

var (
	requestKeys = []string{"url", "method", "headers", "body", "success_codes"}
	methods     = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}
	withBody    = methods[1:4] // drill sends no body with the others
)

// plainRequest reads a request that is no loop's.
func (l *loader) plainRequest(it *item) {
	if r := l.request(it); r != nil {
		l.add(r)
	}
}

// request reads what is under the key of that name, and the rest of its item;
// nil after a mistake. The address is worked out later, once it is known
// whether any item changes the base.
func (l *loader) request(it *item) *Request {
	f, e := it.f, it.get("request")
	before := len(l.errs) + l.more
	l.named(it)
	list := entries(e.value)
	l.unknown(f, list, inRequest, requestKeys)
	r := &Request{Step: it.step}
	if e := it.get("name"); e.value != nil {
		r.Shown = l.template(f, f, e.value, it.step.Name)
	}
	r.URL = l.url(f, e.key, get(list, "url"))
	r.Method = l.method(f, get(list, "method"))
	r.Headers = l.headers(f, get(list, "headers"))
	if slices.Contains(methods, r.Method) {
		r.Body = l.body(f, e.key, r.Method, get(list, "body"))
	}
	r.Assign = l.assignTo(it)
	r.Success = l.success(it, list)
	if len(l.errs)+l.more > before {
		return nil
	}
	return r
}

// url reads the URL of a request.
func (l *loader) url(f *file, request *yaml.Node, e entry) vars.Text {
	if e.value == nil || resolve(e.value) == kindNull {
		l.failAt(f, request, "the request has no url", "")
		return vars.Text{}
	}
	text, ok := l.text(f, request, e, "the url")
	if !ok {
		return vars.Text{}
	}
	url := l.template(f, f, e.value, text)
	l.urls = append(l.urls, urlUse{f, e.value, url})
	return url
}

// method reads the method of a request: GET if there is none.
func (l *loader) method(f *file, e entry) string {
	const standard = "GET"
	switch k := resolve(e.value); k {
	case kindNull:
		return standard
	case kindString:
	case kindMap:
		l.failAt(f, e.value, "the method is a mapping: it must be text", unquoted(e.value))
		return ""
	default:
		l.warn(f, e.value, fmt.Sprintf("the method is %s, not text: it counts as GET", k), "")
		return standard
	}
	method := strings.ToUpper(e.value.Value)
	if slices.Contains(methods, method) {
		return method
	}
	if v := vars.Find(e.value.Value); v != "" {
		l.fail(f, f.find(e.value, v), v+" cannot stand in a method", "")
		return ""
	}
	hint := "one of " + strings.Join(methods, ", ")
	for _, m := range methods {
		if words.Distance(method, m) == 1 && method != "" {
			hint = fmt.Sprintf("did you mean %q?", m)
			break
		}
	}
	l.failAt(f, e.value, fmt.Sprintf("unknown method %q", short(e.value.Value)), hint)
	return ""
}
