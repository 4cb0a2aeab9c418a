package meter

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// reused gives captured files with a process of ours, and a Recorder on it.
func reused(t *testing.T) (FS, *Recorder) {
	t.Helper()
	fs := copyOf(t, v1)
	begin(t, fs, 7, 1000)
	write(t, fs, "proc/7/smaps_rollup", "Rss:\t1000 kB\nAnonymous:\t1000 kB\nPss_Anon:\t1000 kB\nPss_Shmem:\t0 kB\n")
	write(t, fs, "proc/7/clear_refs", "")
	write(t, fs, "proc/7/maps", "00400000-00401000 r-xp 00000000 00:00 1 /ours\n")
	write(t, fs, "proc/7/task/7/schedstat", "1 1000 1\n")
	r := NewRecorder(Config{FS: fs, Every: 100 * time.Millisecond, Refresh: time.Hour, Processes: known(born(7))})
	t.Cleanup(r.Close)
	return fs, r
}

// another process gets the number.
func another(t *testing.T, fs FS) {
	t.Helper()
	write(t, fs, "proc/7/status", status(999999))
	write(t, fs, "proc/7/stat", stat(7, 101))
	write(t, fs, "proc/7/cgroup", "0::/other\n")
	write(t, fs, "proc/7/task/7/schedstat", "1 9999999 1\n")
}

// A process whose number another one got counts as ended, for every reading,
// and the other one is never measured and never written to.
func TestNumberUsedAgain(t *testing.T) {
	read := map[string]func(*Recorder) (bench.Bytes, error){
		"edge": func(r *Recorder) (bench.Bytes, error) {
			e, err := r.Edge("x")
			return e.Anon + e.Anonymous + e.Proportional + bench.Bytes(e.MinorFaults), err
		},
		"high water": (*Recorder).HighWater,
		"reset":      func(r *Recorder) (bench.Bytes, error) { return 0, r.ResetHighWater() },
		"maps": func(r *Recorder) (bench.Bytes, error) {
			files, err := r.cfg.FS.Maps(born(7))
			return bench.Bytes(len(files)), err
		},
		"status": func(r *Recorder) (bench.Bytes, error) {
			p, err := Open(r.cfg.FS, born(7))
			if err != nil {
				return 0, err
			}
			defer p.Close()
			s, err := p.Status()
			return s.RssAnon, err
		},
		"groups": func(r *Recorder) (bench.Bytes, error) {
			c, err := r.cfg.FS.cgroupOf(born(7))
			return bench.Bytes(len(c.Unified)), err
		},
	}
	for what, read := range read {
		t.Run(what, func(t *testing.T) {
			fs, r := reused(t)
			if n, err := read(r); err != nil || what != "reset" && n == 0 {
				t.Errorf("before: %d, %v", n, err)
			}
			write(t, fs, "proc/7/clear_refs", "")
			another(t, fs)
			if n, err := read(r); !errors.Is(err, ErrEnded) || n > 5 {
				t.Errorf("with another process: %d, %v; want that it has ended", n, err)
			}
			if b, err := os.ReadFile(fs.path("proc/7/clear_refs")); len(b) > 0 || err != nil {
				t.Errorf("the other one was written to: %q, %v", b, err)
			}
		})
	}
}

// The CPU time and the waiting of the other one are not ours.
func TestNumberUsedAgainCPU(t *testing.T) {
	fs, r := reused(t)
	check := func(wantErr error) {
		t.Helper()
		used, waited, err := r.CPU()
		if used != 1500*time.Millisecond || waited != 1000 || !errors.Is(err, wantErr) {
			t.Errorf("used %v, waited %v, %v; want 1.5s, 1µs, %v", used, waited, err, wantErr)
		}
	}
	check(nil)
	another(t, fs)
	check(ErrEnded)
}

// A file that was opened before is the old one's: the kernel says so when it is
// read. What is opened anew is held against the start.
func TestNumberUsedAgainSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, r := reused(t)
		done := make(chan error)
		go func() { done <- r.Run(t.Context()) }()
		synctest.Wait()
		write(t, fs, "proc/7/status", "State:\tZ (zombie)\nThreads:\t1\n")
		write(t, fs, "proc/7/stat", stat(7, 101))
		// By the time the end is seen, the number has an owner again.
		os.Remove(fs.path("proc/7/status"))
		write(t, fs, "proc/7/status", status(999999))
		time.Sleep(time.Second)
		if err := <-done; !errors.Is(err, ErrEnded) {
			t.Errorf("Run: %v; want that it has ended", err)
		}
		if s, ok := r.Latest(); !ok || s.Anon != 1000*bench.KiB || r.Sampler().Taken != 1 {
			t.Errorf("%d samples, the last %d kB; want one of 1000", r.Sampler().Taken, s.Anon/bench.KiB)
		}
	})
}
