package lab

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// checked opens the lab and checks the job's variants: what was told, in lines.
func (w *world) checked(ctx context.Context) ([]string, error) {
	w.t.Helper()
	opened, err := w.open(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	err = opened.Check(ctx, w.Job, func(c Checked) {
		line := c.Variant.Name + " runs " + c.Proof.Allocator
		if c.Err != nil {
			line = c.Variant.Name + ": " + c.Err.Error()
		}
		lines = append(lines, line)
	})
	return lines, err
}

func TestCheck(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		w := config(t, f)
		w.Plan = nil // there is no load
		w.Design.Twin = "libc again"
		w.Design.Variants = append(w.Design.Variants, bench.Variant{Name: w.Design.Twin}, bench.Variant{Name: "mimalloc"}, bench.Variant{Name: "scudo"})
		f.FailStart = map[string]error{"scudo": errors.New("no room")}
		behind(f, "jemalloc", func(in *enginetest.FakeInstance, w http.ResponseWriter, r *http.Request, _ http.Handler) {
			stepper(in, "glibc", nil).ServeHTTP(w, r)
		})
		got, err := w.checked(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"libc runs glibc", "jemalloc: variant jemalloc runs glibc's malloc, not jemalloc", "mimalloc runs mimalloc",
			"scudo: start scudo: no room",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		noneLeft(t, f)
		// One after the other, and the twin not at all.
		calls := slices.DeleteFunc(f.Calls(), func(c string) bool { return c == "info" || c == "sweep" || c[:7] == "prepare" })
		want = []string{"start libc", "remove libc", "start jemalloc", "remove jemalloc", "start mimalloc", "remove mimalloc", "start scudo"}
		if diff := cmp.Diff(want, calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if trials := of[store.Trial](w); len(trials) != 0 {
			t.Errorf("recorded %+v", trials)
		}
	})
}

// TestCheckTook: the time is from the start of a variant to its proof.
func TestCheckTook(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		behind(f, "libc", func(_ *enginetest.FakeInstance, w http.ResponseWriter, r *http.Request, plain http.Handler) {
			if r.URL.Path == "/allocator" {
				time.Sleep(3 * time.Second)
			}
			plain.ServeHTTP(w, r)
		})
		w := config(t, f)
		opened, err := w.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var took []time.Duration
		if err := opened.Check(t.Context(), w.Job, func(c Checked) { took = append(took, c.Took) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]time.Duration{3 * time.Second, 0}, took); diff != "" {
			t.Errorf("took (-want +got):\n%s", diff)
		}
	})
}

// TestCheckEnds: the end of ctx, and an instance that stays, end all.
func TestCheckEnds(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		stopped := errors.New("stopped by hand")
		ctx, cancel := context.WithCancelCause(t.Context())
		behind(f, "jemalloc", func(_ *enginetest.FakeInstance, w http.ResponseWriter, r *http.Request, plain http.Handler) {
			cancel(stopped)
			plain.ServeHTTP(w, r)
		})
		got, err := config(t, f).checked(ctx)
		if diff := cmp.Diff([]string{"libc runs glibc"}, got); diff != "" || !errors.Is(err, stopped) {
			t.Errorf("%v; told (-want +got):\n%s", err, diff)
		}
		noneLeft(t, f)
	})
	faked(t, func(t *testing.T) {
		f := honest(nil)
		stuck := errors.New("stuck")
		f.FailRemove = map[string]error{"libc": stuck}
		got, err := config(t, f).checked(t.Context())
		if diff := cmp.Diff([]string{"libc runs glibc"}, got); diff != "" || !errors.Is(err, stuck) {
			t.Errorf("%v; told (-want +got):\n%s", err, diff)
		}
		f.FailRemove = nil
		for _, in := range f.Instances() {
			if err := in.Remove(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}
