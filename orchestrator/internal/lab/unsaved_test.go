package lab

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

var errFull = errors.New("no space left on device")

// TestUnsaved has the disk full from one moment on, each time another: the run
// ends at that moment with one error, and nothing is left.
func TestUnsaved(t *testing.T) {
	const syncs = 2*2*3 + 1 // as TestRun counts them, over two rounds
	for n := 1; n <= syncs+1; n++ {
		for _, once := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d once %v", n, once), func(t *testing.T) {
				faked(t, func(t *testing.T) {
					f := honest(nil)
					conf := config(t, f)
					conf.Design.Rounds = 2
					var count atomic.Int64
					var failed time.Time
					conf.sync = func() error {
						now := count.Add(1)
						if now == int64(n) {
							failed = time.Now()
						}
						if now == int64(n) || !once && now > int64(n) {
							return errFull
						}
						return nil
					}
					exp, err := conf.run(t.Context())
					noneLeft(t, f)
					if n > syncs {
						if err != nil || count.Load() != syncs {
							t.Errorf("%v, %d syncs", err, count.Load())
						}
						return
					}
					var unsaved *SaveError
					if !errors.As(err, &unsaved) || err.Error() != "save what was measured: no space left on device" {
						t.Errorf("error %q", err)
					}
					if !exp.Ended.Equal(failed) || exp.Interrupted != (n < syncs) {
						t.Errorf("it ended %v after that, interrupted %v", exp.Ended.Sub(failed), exp.Interrupted)
					}
					for _, e := range errorsOf(exp) {
						own, other := strings.HasSuffix(e, ": save what was measured: no space left on device"), strings.HasSuffix(e, ": another variant's results could not be saved")
						if e != "" && (!strings.HasPrefix(e, "stopped in ") || !own && !other) {
							t.Errorf("error %q", e)
						}
					}
					for _, e := range of[store.Ended](conf) {
						if e.Cut != (e.Error != "") {
							t.Errorf("%+v", e)
						}
					}
				})
			})
		}
	}
}

// Whose results could not be saved is told apart from those who end with it.
func TestUnsavedOfOne(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(func(in *enginetest.FakeInstance) {
			if in.Spec.Labels["variant"] == "jemalloc" {
				time.Sleep(time.Second)
			}
		})
		conf := config(t, f)
		conf.sync = func() error { return errFull }
		exp, err := conf.run(t.Context())
		if !errors.Is(err, errFull) {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff([]string{
			"stopped in the pause after batch 1: save what was measured: no space left on device",
			"stopped in batch 1: another variant's results could not be saved",
		}, errorsOf(exp)); diff != "" {
			t.Errorf("trials' errors (-want +got):\n%s", diff)
		}
		noneLeft(t, f)
	})
}

// What was to be kept goes too where the very end of the run could not be saved:
// whoever asked for it is told of the failure alone.
func TestUnsavedEnd(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		conf := config(t, f)
		conf.Keep = true
		var count atomic.Int64
		conf.sync = func() error {
			if count.Add(1) > 2*3 {
				return errFull
			}
			return nil
		}
		if _, err := conf.run(t.Context()); !errors.Is(err, errFull) {
			t.Errorf("error %v", err)
		}
		noneLeft(t, f)
	})
}

// That a variant did not start is saved at once, and where it cannot be, no final
// idle of the round before is waited for.
func TestUnsavedStart(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		handler := f.Handler
		f.Handler = func(in *enginetest.FakeInstance) http.Handler {
			if in.Spec.Labels["variant"] == "jemalloc" && in.Spec.Labels["round"] == "2" {
				go in.Exit(engine.State{ExitCode: 1})
			}
			return handler(in)
		}
		conf := config(t, f)
		conf.Design.Rounds, conf.Design.Batches = 3, 1
		start := time.Now()
		conf.sync = func() error {
			if time.Since(start) > once {
				return errFull
			}
			return nil
		}
		exp, err := conf.run(t.Context())
		if err == nil || err.Error() != "save what was measured: no space left on device" {
			t.Errorf("error %q", err)
		}
		if took := exp.Ended.Sub(exp.Started); took != once+210*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		const stopped = "stopped in the final idle: another variant's results could not be saved"
		if got := errorsOf(exp); got[0] != stopped || got[1] != stopped {
			t.Errorf("errors %q", got)
		}
		noneLeft(t, f)
	})
}
