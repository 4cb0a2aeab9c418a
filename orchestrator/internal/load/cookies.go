package load

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// cookieLine gives the value of a cookie header, sorted by name, for the
// variable cookies. A plan may have assigned what cannot be sent.
func cookieLine(cookies any) (string, error) {
	jar, isObject := cookies.(map[string]any)
	if !isObject {
		return "", errors.New("the variable cookies is not an object of texts")
	}
	var line strings.Builder
	for _, name := range slices.Sorted(maps.Keys(jar)) {
		value, isText := jar[name].(string)
		if !isText {
			return "", errors.New("the variable cookies is not an object of texts")
		}
		if line.Len() > 0 {
			line.WriteString("; ")
		}
		line.WriteString(name + "=" + value)
	}
	return line.String(), nil
}

// keepCookies adds the cookies that an answer sets, and gives their names. Its
// fields may name one several times: the last one counts. Domain, path and
// expiry do not.
func (c *composer) keepCookies(in *reader) (names []string) {
	in.each(func(name string, value []byte) {
		if name != "set-cookie" {
			return
		}
		pair, _, _ := strings.Cut(string(value), ";")
		key, content, ok := strings.Cut(pair, "=")
		key, content = strings.TrimSpace(key), strings.TrimSpace(content)
		if !ok || key == "" || !plan.IsFieldValue(key) || !plan.IsFieldValue(content) {
			return
		}
		jar, isObject := c.cookies.(map[string]any)
		if !isObject {
			jar = map[string]any{}
			c.set("cookies", jar)
		}
		jar[key] = content
		names = append(names, key)
	})
	return names
}

// chain is what is known of the cookies in a chain of redirects. All servers of a
// plan are shown all cookies, for that is how it is written; a server that only a
// redirect leads to is shown those that it has set itself, as browsers do.
type chain struct {
	first  string            // the server that the plan names
	setter map[string]string // of a cookie: the server that set it last, in this chain
}

// keep keeps the cookies of an answer that leads on.
func (h *chain) keep(c *composer, from *call, in *reader) {
	if h.first == "" {
		h.first = from.url.Origin()
	}
	for _, name := range c.keepCookies(in) {
		if h.setter == nil {
			h.setter = map[string]string{}
		}
		h.setter[name] = from.url.Origin()
	}
}

// show puts the cookies that the next server may see into its call.
func (h *chain) show(c *composer, next *call) {
	jar, _ := c.cookies.(map[string]any)
	if to := next.url.Origin(); to != h.first {
		shown := map[string]any{}
		for name, setter := range h.setter {
			if setter == to {
				shown[name] = jar[name]
			}
		}
		jar = shown
	}
	if line, err := cookieLine(jar); err == nil && line != "" {
		next.fields = set(next.fields, Field{"cookie", line})
	}
}
