package lab

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
)

// A service that does not answer a question is waited for no longer than is
// said, and is named.
func TestDeaf(t *testing.T) {
	for question, want := range map[string]struct {
		error string
		after time.Duration
	}{
		"GET /allocator": {"ask variant jemalloc for its allocator: GET /allocator: no answer within 10s", 10 * time.Second},
		"POST /widgets":  {"ended in warm-up: warm up: POST /widgets: no answer within 10.11s", 10*time.Second + handling},
	} {
		for _, how := range []string{"says nothing", "says it byte by byte"} {
			t.Run(question+" "+how, func(t *testing.T) {
				faked(t, func(t *testing.T) {
					f := honest(nil)
					behind(f, "jemalloc", func(in *enginetest.FakeInstance, w http.ResponseWriter, r *http.Request, plain http.Handler) {
						switch {
						case r.Method+" "+r.URL.Path != question:
							plain.ServeHTTP(w, r)
						case how == "says nothing":
							<-in.Done()
						default:
							byteByByte(in, w)
						}
					})
					conf := config(t, f)
					conf.Design.Variants, conf.Design.Baseline = conf.Design.Variants[1:], "jemalloc"
					exp, err := conf.run(t.Context())
					said := strings.Join(errorsOf(exp), "")
					if err != nil {
						said += err.Error()
					}
					if took := exp.Ended.Sub(exp.Started); said != want.error || took != want.after {
						t.Errorf("after %v the lab says %q", took, said)
					}
					noneLeft(t, f)
				})
			})
		}
	}
}

func byteByByte(in *enginetest.FakeInstance, w http.ResponseWriter) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-in.Done():
			return
		case <-tick.C:
			_, _ = w.Write([]byte("{"))
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// Counters that are not told are missed, and cost nothing else.
func TestDeafGauge(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		behind(f, "jemalloc", func(in *enginetest.FakeInstance, w http.ResponseWriter, r *http.Request, plain http.Handler) {
			if r.URL.Path == "/memory" {
				<-in.Done()
				return
			}
			plain.ServeHTTP(w, r)
		})
		exp, err := config(t, f).run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		checkTrial(t, exp.Trials[0])
		if deaf := exp.Trials[1]; deaf.Error != "" || len(deaf.Gauges) != 0 || timetable(deaf) != timetable(exp.Trials[0]) {
			t.Errorf("error %q, %d gauges, %s", deaf.Error, len(deaf.Gauges), timetable(deaf))
		}
		noneLeft(t, f)
	})
}

// While a service is waited for that says nothing, the engine is asked for it,
// which sees what the service does meanwhile.
func TestDeafAtTheStart(t *testing.T) {
	full := errors.New("it has filled its folder")
	for want, c := range map[string]struct {
		state error
		after time.Duration
	}{
		"it has filled its folder": {full, healthWithin},
		"did not answer within 1m0s (last: GET /healthz: no answer within 2s)": {nil, readyWithin},
	} {
		t.Run(want, func(t *testing.T) {
			faked(t, func(t *testing.T) {
				f := honest(nil)
				if c.state != nil {
					f.FailState = map[string]error{"jemalloc": c.state}
				}
				behind(f, "jemalloc", func(in *enginetest.FakeInstance, _ http.ResponseWriter, _ *http.Request, _ http.Handler) { <-in.Done() })
				exp, err := config(t, f).run(t.Context())
				if err == nil || !strings.HasPrefix(err.Error(), "variant jemalloc: ") || !strings.HasSuffix(err.Error(), want) {
					t.Errorf("the lab says %v", err)
				}
				if took := exp.Ended.Sub(exp.Started); took != c.after {
					t.Errorf("it took %v", took)
				}
				f.FailState = nil
				noneLeft(t, f)
			})
		})
	}
}
