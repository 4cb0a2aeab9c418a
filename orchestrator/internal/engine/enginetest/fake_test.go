package enginetest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"
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
	_, prepareErr := engine.Images(f.Prepare(t.Context(), []bench.Variant{{Name: "a"}, {Name: "b"}}, nil))
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

// In memory a fake answers by a fake clock, and refuses when it has ended.
func TestFakeInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &enginetest.Fake{Memory: true, Handler: func(*enginetest.FakeInstance) http.Handler {
			return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Hour) })
		}}
		in, err := f.Start(t.Context(), engine.Spec{Image: engine.Image{Variant: "a"}})
		if err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return in.Dial(ctx) }}
		defer transport.CloseIdleConnections()
		start := time.Now()
		res, err := (&http.Client{Transport: transport}).Get("http://a/")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if took := time.Since(start); took != time.Hour {
			t.Errorf("an answer took %v", took)
		}
		moved := errors.New("moved")
		in.(*enginetest.FakeInstance).Replace(moved)
		if _, err := in.Dial(t.Context()); !errors.Is(err, moved) {
			t.Errorf("Dial when it was replaced: %v", err)
		}
		in.(*enginetest.FakeInstance).Replace(nil)
		if err := in.Remove(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Dial(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("Dial after its end: %v", err)
		}
	})
}
