package load

import (
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

func TestRunPlan(t *testing.T) {
	rec := &recorder{reply: ok}
	target := rec.listen(t, "unix")
	p := &plan.Plan{Concurrency: 2, Iterations: 5, Items: []plan.Item{&plan.Request{
		Step: plan.Step{Name: "widget"}, Method: "POST", Address: "http://localhost:3000/widgets",
		Headers: []plan.Header{{Name: "Content-Type", Value: vars.Parse("application/json")}},
		Body:    plan.Body{Bytes: []byte(`{"a":1}`)},
	}}}
	got, err := Run(t.Context(), p, target, Options{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, Result{Counts: Counts{
		Requests: 5, Errors: map[string]int{},
		Statuses: map[string]int{"200": 5}, Answers: map[string]int{"200/2": 5},
	}})
	rec.stop()
	for _, s := range rec.requests {
		if s.line != "POST /widgets HTTP/1.1" || s.body != `{"a":1}` || s.header.Get("host") != "localhost:3000" {
			t.Errorf("the server saw %+v", s)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	p := &plan.Plan{Concurrency: 1, Iterations: 1, Items: []plan.Item{&plan.Request{Step: plan.Step{Name: "secure"}, Method: "GET", Address: "https://a/"}}}
	if _, err := Run(t.Context(), p, Target{"unix", "x"}, Options{}); err == nil || !strings.HasPrefix(err.Error(), `request "secure": scheme "https"`) {
		t.Errorf("got %v", err)
	}
	if _, err := Run(t.Context(), &plan.Plan{Iterations: 1}, Target{"unix", "x"}, Options{}); err == nil || err.Error() != "plan has no requests" {
		t.Errorf("got %v", err)
	}
}
