package load

import (
	"net/netip"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// ProxyFor gives the proxy that env names for a URL, without user and password,
// or "". HTTP_PROXY and HTTPS_PROXY go by the URL's scheme, ALL_PROXY stands in
// for both, NO_PROXY lists hosts that are reached without; all may be written
// in lower case too. As with drill, and unlike with Go, they hold for localhost
// as well.
func ProxyFor(env vars.Env, u weburl.URL) string {
	if p := proxyFor(env, u); p != nil {
		return p.url.Origin()
	}
	return ""
}

// proxy is a server that passes requests on.
type proxy struct{ url weburl.URL }

func proxyFor(env vars.Env, u weburl.URL) *proxy {
	var text string
	switch u.Scheme {
	case "http":
		// A web server's scripts find a visitor's Proxy header in HTTP_PROXY.
		if _, cgi := env["REQUEST_METHOD"]; !cgi {
			text = either(env, "HTTP_PROXY")
		}
	case "https":
		text = either(env, "HTTPS_PROXY")
	default:
		return nil
	}
	if bypassed(either(env, "NO_PROXY"), bare(u.Host)) {
		return nil
	}
	for _, text := range []string{text, either(env, "ALL_PROXY")} {
		if text == "" {
			continue
		}
		if !strings.Contains(text, "://") {
			text = "http://" + text
		}
		if p, err := weburl.Parse(text); err == nil && p.Scheme != "unix" {
			return &proxy{p}
		}
	}
	return nil
}

// either looks a variable up under its name and, if there is none, under its
// name in lower case.
func either(env vars.Env, name string) string {
	if value, ok := env[name]; ok {
		return value
	}
	return env[strings.ToLower(name)]
}

// bypassed says whether a list of hosts, domains, addresses and networks holds
// a host. A star is all of them.
func bypassed(list, host string) bool {
	address, err := netip.ParseAddr(host)
	isAddress := err == nil
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.ToLower(strings.TrimSpace(entry))
		switch {
		case entry == "":
			continue
		case entry == "*":
			return true
		case isAddress:
			network, err := netip.ParsePrefix(entry)
			if err == nil && network.Contains(address) {
				return true
			}
			if one, err := netip.ParseAddr(entry); err == nil && one == address {
				return true
			}
		default:
			domain := strings.TrimPrefix(entry, ".")
			if host == domain || strings.HasSuffix(host, "."+domain) {
				return true
			}
		}
	}
	return false
}
