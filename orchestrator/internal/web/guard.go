package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// policy lets a page do what is in it and ask where it came from, and no other
// page show it. The page itself says more strictly which script that is.
const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard lets nobody write, and nobody read but the page itself and people who open
// it: not a page of somebody else's in the same browser.
func (s *Site) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "this page can only be read", http.StatusMethodNotAllowed)
		case !s.ours(r.Host):
			// A name of somebody else's that leads here (DNS rebinding).
			http.Error(w, "this server does not go by that name", http.StatusMisdirectedRequest)
		case !sameOrigin(r):
			http.Error(w, "other pages may not read this one", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ours says whether a Host header names this server: by an IP address, which no
// name can be made to lead to, by localhost, or by the name it was told to serve.
func (s *Site) ours(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return strings.EqualFold(name, "localhost") || strings.EqualFold(name, s.at.Host)
}

// sameOrigin says whether a request comes from the page itself, from somebody who
// opens it, or from no browser. Sec-Fetch-* are of the Fetch Metadata Request
// Headers of the W3C.
func sameOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && !strings.EqualFold(origin, "http://"+r.Host) {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	}
	// A link on another page may be followed.
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}
