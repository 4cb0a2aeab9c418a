package load

import (
	"errors"
	"net/http"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// maxRedirects is how many are followed for one request.
const maxRedirects = 10

// redirect gives the call that an answer sends to another place, or nil where
// the answer is final: it is no redirect, or does not say where to. hop is the
// number of redirects before it. The error is a *redirectError.
func (p *program) redirect(c *call, status int, in *reader, hop int) (*call, error) {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	location, found := "", false
	in.each(func(name string, value []byte) {
		if name == "location" && !found {
			location, found = string(value), true
		}
	})
	if !found {
		return nil, nil
	}
	to, err := c.url.Join(location)
	switch {
	case errors.Is(err, weburl.ErrScheme):
		return nil, &redirectError{"to another protocol than HTTP"}
	case err != nil:
		return nil, nil // not a place to go to
	case hop >= maxRedirects:
		return nil, &redirectError{"more than 10 in a row"}
	}

	next := &call{method: c.method, shown: c.shown, url: to, route: c.route, body: c.body}
	next.fields = without(c.fields, "referer")
	post := c.method == http.MethodPost && (status == http.StatusMovedPermanently || status == http.StatusFound)
	if post || status == http.StatusSeeOther {
		if next.method != http.MethodHead {
			next.method = http.MethodGet
		}
		next.body = nil
		next.fields = without(next.fields, "content-type", "content-length", "content-encoding", "transfer-encoding")
	}
	if to.Origin() != c.url.Origin() {
		next.fields = without(next.fields, "authorization", "cookie", "cookie2", "proxy-authorization", "www-authenticate")
		next.fields = set(next.fields, Field{"host", to.HostHeader()})
		next.route = p.route(to)
	}
	if c.url.Scheme != "https" || to.Scheme == "https" {
		next.fields = append(next.fields, Field{"referer", c.url.String()})
	}
	return next, nil
}
