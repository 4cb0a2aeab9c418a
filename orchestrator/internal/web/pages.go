package web

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// serveWhole gives the page: with all that is known, readable without a script.
func (s *Site) serveWhole(w http.ResponseWriter, r *http.Request) {
	if final := s.saved(); final != nil {
		give(w, r, final)
		return
	}
	d, err := s.report()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	now, err := s.picture(time.Now(), d.figures).html(true)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	give(w, r, bytes.Replace(d.whole, []byte(mark), now, 1))
}

// serveNow gives the part of the page that shows what happens now.
func (s *Site) serveNow(w http.ResponseWriter, r *http.Request) {
	now, err := s.picture(time.Now(), -1).html(false)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	give(w, r, now)
}

// serveReport gives what is within #report.
func (s *Site) serveReport(w http.ResponseWriter, r *http.Request) {
	d, err := s.report()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("X-Figures", strconv.Itoa(d.figures))
	give(w, r, d.body)
}

// give writes a page, to nobody who takes forever. Who does not take it has gone.
func give(w http.ResponseWriter, r *http.Request, text []byte) {
	c, until := http.NewResponseController(w), time.Now().Add(pageWithin)
	_ = errors.Join(c.SetWriteDeadline(until), c.SetReadDeadline(until)) // every connection has deadlines
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(text)
	}
}
