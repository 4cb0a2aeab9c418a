package load

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// shownProxy gives the proxy that env names for a URL, without user and password,
// or "". HTTP_PROXY and HTTPS_PROXY go by the URL's scheme, ALL_PROXY stands in
// for both, NO_PROXY lists what is reached without; all may be written in lower
// case too. As with drill, and unlike with Go, they hold for localhost
// as well. A proxy speaks HTTP, with TLS or without, or SOCKS5: then either it
// looks up the server's name (socks5h), or we do (socks5).
func shownProxy(env vars.Env, u weburl.URL) string {
	if p := proxyFor(env, u); p != nil {
		return p.url.Origin()
	}
	return ""
}

// Proxies lists the proxies that requests of a plan go through, without users and
// passwords, joined by commas; empty where there are none.
func Proxies(env vars.Env, p *plan.Plan) string {
	list := []string{shownProxy(env, p.Origin)}
	for _, r := range p.Requests() {
		if proxy := shownProxy(env, r.Parsed); !slices.Contains(list, proxy) {
			list = append(list, proxy)
		}
	}
	list = slices.DeleteFunc(list, func(proxy string) bool { return proxy == "" })
	return strings.Join(list, ", ")
}

// CheckProxies adds a warning to a plan for each proxy that env names and that is
// passed over, for then requests go another way than was meant. If warnings are
// mistakes (strict), they are the error, of type plan.Errors.
func CheckProxies(env vars.Env, p *plan.Plan, strict bool) error {
	const advice = "set it to HOST:PORT or to http://, https://, socks5:// or socks5h://HOST:PORT, or give --no-proxy"
	var mistakes plan.Errors
	for _, text := range proxyMistakes(env, p) {
		mistakes = append(mistakes, &plan.Mistake{Msg: text, Advice: advice})
		p.Warnings = append(p.Warnings, plan.Warning{Text: text})
	}
	if strict && len(mistakes) > 0 {
		return mistakes
	}
	return nil
}

// proxyMistakes says what of the proxies that env names cannot be understood, and
// is passed over, if requests of the plan may go through one. Of what may be
// secret nothing is quoted.
func proxyMistakes(env vars.Env, p *plan.Plan) []string {
	if !slices.ContainsFunc(p.Requests(), func(r *plan.Request) bool { return r.Parsed.Scheme != "unix" }) {
		return nil
	}
	var mistakes []string
	for _, variable := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		for name, text := range spellings(env, variable) {
			_, err := weburl.ParseProxy(text)
			if err == nil {
				if variable == "HTTP_PROXY" && isCGI(env) {
					mistakes = append(mistakes, name+" is passed over: REQUEST_METHOD is set too, and for scripts of a web server a visitor's header may be what it holds")
				}
				break
			}
			mistakes = append(mistakes, fmt.Sprintf("%s is passed over: it %s", name, weburl.Unquoted(err)))
		}
	}
	name, list := noProxy(env)
	for _, entry := range entries(list) {
		if _, err := parseException(entry); err != nil {
			mistakes = append(mistakes, fmt.Sprintf("%s: its entry %q is passed over: it is neither a host nor a network", name, entry))
		}
	}
	return mistakes
}

// isCGI says that this may be a script of a web server: it finds a visitor's Proxy
// header in HTTP_PROXY.
func isCGI(env vars.Env) bool {
	_, is := env["REQUEST_METHOD"]
	return is
}

// proxy is a server that passes requests on, or whole connections.
type proxy struct{ url weburl.URL }

// isSOCKS says that it speaks SOCKS5 rather than HTTP.
func (p *proxy) isSOCKS() bool { return strings.HasPrefix(p.url.Scheme, "socks5") }

func proxyFor(env vars.Env, u weburl.URL) *proxy {
	var candidates []string
	switch u.Scheme {
	case "http":
		if !isCGI(env) {
			candidates = []string{"HTTP_PROXY"}
		}
	case "https":
		candidates = []string{"HTTPS_PROXY"}
	default:
		return nil
	}
	if _, list := noProxy(env); bypassed(list, u) {
		return nil
	}
	for _, variable := range append(candidates, "ALL_PROXY") {
		for _, text := range spellings(env, variable) {
			if p, err := weburl.ParseProxy(text); err == nil {
				return &proxy{p}
			}
		}
	}
	return nil
}

// spellings gives what a variable holds under its name, and under its name in
// lower case: the first that can be understood counts. An empty one is none.
func spellings(env vars.Env, variable string) iter.Seq2[string, string] {
	return func(yield func(name, text string) bool) {
		for _, name := range []string{variable, strings.ToLower(variable)} {
			if text := strings.TrimSpace(env[name]); text != "" && !yield(name, text) {
				return
			}
		}
	}
}
