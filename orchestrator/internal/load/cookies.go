package load

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

var errCookies = errors.New("the variable cookies is not an object of texts")

// cookieLine gives the value of a cookie header for a server, sorted by name:
// all cookies, for a plan knows no servers apart; but where two of them have set
// one of the same name, each is shown its own. A plan may have assigned what
// cannot be sent.
func (c *composer) cookieLine(origin string) (string, error) {
	jar, isObject := c.cookies.(map[string]any)
	if !isObject {
		return "", errCookies
	}
	own := c.own[origin]
	var line strings.Builder
	for _, name := range slices.Sorted(maps.Keys(jar)) {
		value, isText := jar[name].(string)
		if !isText {
			return "", errCookies
		}
		if set, ok := own[name]; ok {
			value = set
		}
		if line.Len() > 0 {
			line.WriteString("; ")
		}
		line.WriteString(name + "=" + value)
	}
	return line.String(), nil
}

// keepCookies adds the cookies that a server's answer sets. Its fields may name
// one several times: the last one counts. Domain, path and expiry do not.
func (c *composer) keepCookies(origin string, in *reader) {
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
		if c.prog.opt.CompatCookies {
			return
		}
		if c.own == nil {
			c.own = map[string]map[string]string{}
		}
		if c.own[origin] == nil {
			c.own[origin] = map[string]string{}
		}
		c.own[origin][key] = content
	})
}

// showCookies puts the cookies that the next server in a chain of redirects may
// see into its call. All servers that a plan names are shown all cookies, for
// that is how it is written; one that only a redirect leads to, not first, is
// shown what it has set itself, as browsers do.
func (c *composer) showCookies(first string, next *call) {
	to := next.url.Origin()
	var line string
	if to == first {
		line, _ = c.cookieLine(to) // an error was the first request's
	} else {
		for _, name := range slices.Sorted(maps.Keys(c.own[to])) {
			if line != "" {
				line += "; "
			}
			line += name + "=" + c.own[to][name]
		}
	}
	if line != "" {
		next.fields = set(next.fields, Field{"cookie", line})
	}
}
