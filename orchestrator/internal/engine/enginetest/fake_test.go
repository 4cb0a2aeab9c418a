package enginetest_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
)

// behave makes a fake instance do what the suite's service does.
func behave(in *enginetest.FakeInstance) http.Handler {
	in.Print("hello to stdout")
	in.Print("hello to stderr")
	if code, err := strconv.Atoi(in.Spec.Env["EXIT"]); err == nil {
		go in.Exit(engine.State{ExitCode: code})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, in.Spec.Env[r.FormValue("name")])
	})
	mux.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) {
		time.AfterFunc(50*time.Millisecond, func() { in.Exit(engine.State{}) })
	})
	return mux
}

func TestFake(t *testing.T) {
	world := &enginetest.World{}
	enginetest.Run(t, enginetest.Subject{
		New: func(_ *testing.T, owner runs.Owner) engine.Engine {
			return &enginetest.Fake{Handler: behave, Owner: owner, World: world}
		},
		Variant: bench.Variant{Name: "test+knob", Dockerfile: "Dockerfile.test"},
	})
}

func TestFakeFailures(t *testing.T) {
	boom := errors.New("boom")
	f := &enginetest.Fake{
		FailInfo:    boom,
		FailPrepare: map[string]error{"b": boom},
		FailStart:   map[string]error{"a": boom},
	}
	_, infoErr := f.Info(t.Context())
	_, prepareErr := f.Prepare(t.Context(), []bench.Variant{{Name: "a"}, {Name: "b"}}, nil)
	_, startErr := f.Start(t.Context(), engine.Spec{Image: engine.Image{Variant: "a"}})
	for what, err := range map[string]error{"Info": infoErr, "Prepare": prepareErr, "Start": startErr} {
		if !errors.Is(err, boom) {
			t.Errorf("%s: %v, want the scripted failure", what, err)
		}
	}
	if got, want := f.Calls(), []string{"info", "prepare a", "prepare b", "start a"}; !slices.Equal(got, want) {
		t.Errorf("Calls = %q, want %q", got, want)
	}
}
