package lab

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
)

func TestDrought(t *testing.T) {
	type step struct{ second, done, failed int }
	for name, c := range map[string]struct {
		steps []step
		want  string // the error at the last step; there is none before
	}{
		"nothing comes":          {[]step{{60, 0, 0}, {120, 0, 0}, {600, 0, 0}}, ""},
		"nothing but failures":   {[]step{{60, 16, 16}, {120, 32, 32}}, "no request succeeded for 2m0s, and 32 failed"},
		"failures, then success": {[]step{{60, 16, 16}, {119, 18, 17}, {180, 20, 19}}, ""},
		"success, then failures": {[]step{{60, 500, 3}, {179, 504, 7}, {180, 505, 8}}, "and 5 failed"},
		"few successes":          {[]step{{60, 9, 8}, {120, 18, 16}, {180, 27, 24}, {240, 36, 32}}, ""},
		"a rest after a failure": {[]step{{1, 1, 0}, {2, 2, 1}, {122, 2, 1}, {182, 2, 1}, {183, 3, 1}}, ""},
		"a failure seen late":    {[]step{{1, 1, 0}, {2, 1, 1}, {3, 2, 1}, {100, 3, 2}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Unix(1e9, 0)
			d := drought{limit: 2 * time.Minute, since: start}
			for i, s := range c.steps {
				err := d.see(start.Add(time.Duration(s.second)*time.Second), s.done, s.failed)
				switch last := i == len(c.steps)-1; {
				case err == nil && last && c.want != "":
					t.Errorf("no error; want %q", c.want)
				case err != nil && (!last || c.want == "" || !strings.Contains(err.Error(), c.want)):
					t.Errorf("second %d: %v; want %q at the end", s.second, err, c.want)
				}
			}
		})
	}
}

// A service that answers the warm-up and then nothing ends its own trial, long
// before its load would be over.
func TestLoadInVain(t *testing.T) {
	const (
		limit = 2 * requestTimeout
		look  = limit / 64
	)
	for how, c := range map[string]struct {
		answer func(in *enginetest.FakeInstance, w http.ResponseWriter)
		after  time.Duration
	}{
		// Of two requests in a row each is cut off a little after its time.
		"says nothing":     {func(in *enginetest.FakeInstance, _ http.ResponseWriter) { <-in.Done() }, limit + look},
		"says half a head": {halfAHead, limit + look},
		"refuses":          {func(_ *enginetest.FakeInstance, w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }, limit},
	} {
		t.Run(how, func(t *testing.T) {
			faked(t, func(t *testing.T) {
				f := honest(nil)
				behind(f, "jemalloc", func(in *enginetest.FakeInstance, w http.ResponseWriter, r *http.Request, plain http.Handler) {
					if r.Method == http.MethodPost && r.ContentLength == 2 {
						c.answer(in, w)
						return
					}
					plain.ServeHTTP(w, r)
				})
				// Without an end: the rate keeps it from running hot.
				conf := configOf(t, f, "base: http://localhost:3000\niterations: 1000000000\nconcurrency: 4\narrival_rate: 10\nplan:\n- name: one\n  request: {url: /widgets, method: POST, body: '{}'}\n")
				conf.Design.Variants, conf.Design.Baseline = conf.Design.Variants[1:], "jemalloc"
				exp, err := conf.run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if e := exp.Trials[0].Error; !strings.HasPrefix(e, "ended in batch 1: no request succeeded for 2m0s, and ") {
					t.Errorf("error %q", e)
				}
				if took := exp.Ended.Sub(exp.Started); took != warming+c.after {
					t.Errorf("it took %v", took)
				}
				noneLeft(t, f)
			})
		})
	}
}

// halfAHead sends a part of an answer's head.
func halfAHead(in *enginetest.FakeInstance, w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = conn.Write([]byte("HTTP/1.1 201 Created\r\nContent-Le"))
	<-in.Done()
}
