package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Nobody writes, no other page reads, and no name but ours leads here.
func TestGuard(t *testing.T) {
	s := serve(newWire(), Address{Host: "lab.example", Port: 80})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	type headers map[string]string
	check := func(method, host string, h headers, want int) {
		t.Helper()
		r := httptest.NewRequest(method, "/", http.NoBody)
		r.Host = host
		for name, value := range h {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		s.server.Handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s %s %v: %d, want %d", method, host, h, w.Code, want)
		}
		for _, name := range []string{
			"Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Resource-Policy", "Cross-Origin-Opener-Policy", "Referrer-Policy", "Cache-Control",
		} {
			if w.Header().Get(name) == "" {
				t.Errorf("%s %s: no %s", method, host, name)
			}
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Error("others may read it")
		}
		if got := w.Header().Get("Allow"); (got != "") != (want == http.StatusMethodNotAllowed) {
			t.Errorf("%s: allowed is %q", method, got)
		}
	}
	const here = "127.0.0.1:8077"
	ok, refused, elsewhere, readOnly := http.StatusOK, http.StatusForbidden, http.StatusMisdirectedRequest, http.StatusMethodNotAllowed
	check(http.MethodGet, here, nil, ok)
	check(http.MethodHead, here, nil, ok)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch, "TRACE", "CONNECT"} {
		check(method, here, nil, readOnly)
	}
	for host, want := range map[string]int{
		"localhost": ok, "LOCALHOST:8077": ok, "[::1]:8077": ok, "[::1]": ok, "192.168.1.5:8077": ok, "127.1.2.3": ok, "lab.example:80": ok, "LAB.example": ok,
		"evil.example": elsewhere, "evil.example:8077": elsewhere, "localhost.evil.example": elsewhere, "127.0.0.1.evil.example": elsewhere, "": elsewhere,
		"localhost:8077:9": elsewhere, "a.lab.example": elsewhere, "0x7f000001": elsewhere,
	} {
		check(http.MethodGet, host, nil, want)
	}
	check(http.MethodGet, here, headers{"Origin": "http://127.0.0.1:8077"}, ok)
	for _, origin := range []string{"http://evil.example", "null", "https://127.0.0.1:8077", "http://127.0.0.1:3000", "http://localhost:8077", "http://127.0.0.1"} {
		check(http.MethodGet, here, headers{"Origin": origin}, refused)
	}
	const site, mode, dest = "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"
	check(http.MethodGet, here, headers{site: "same-origin", mode: "cors", dest: "empty"}, ok)
	check(http.MethodGet, here, headers{site: "none", mode: "navigate", dest: "document"}, ok)
	check(http.MethodGet, here, headers{site: "cross-site", mode: "navigate", dest: "document"}, ok)
	check(http.MethodGet, here, headers{site: "cross-site", mode: "navigate", dest: "iframe"}, refused)
	check(http.MethodGet, here, headers{site: "cross-site", mode: "no-cors", dest: "script"}, refused)
	check(http.MethodGet, here, headers{site: "same-site", mode: "cors", dest: "empty"}, refused)
}

// Every path is guarded, and there are no others.
func TestPaths(t *testing.T) {
	s := serve(newWire(), DefaultAddress())
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for path, want := range map[string]int{
		"/": 200, "/now": 200, "/report": 200, "/events": 200, "/favicon.ico": 204, "/else": 404, "/now/": 404, "/../etc/passwd": 404, "/report.html": 404,
	} {
		w := httptest.NewRecorder()
		s.server.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "http://localhost"+path, http.NoBody))
		if w.Code != want && !(want == 404 && w.Code == http.StatusMovedPermanently || w.Code == http.StatusTemporaryRedirect) {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
		if w.Body.Len() > 0 && w.Code == 200 {
			t.Errorf("HEAD %s has a body", path)
		}
		w = httptest.NewRecorder()
		s.server.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "http://evil.example"+path, http.NoBody))
		if w.Code != http.StatusMisdirectedRequest {
			t.Errorf("%s by another name: %d", path, w.Code)
		}
	}
}
