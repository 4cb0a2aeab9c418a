package meter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// known is the list of a container whose processes do not change.
func known(processes ...bench.Process) func(context.Context) ([]bench.Process, error) {
	return func(context.Context) ([]bench.Process, error) { return processes, nil }
}

// own is the list of a process of this machine.
func own(t testing.TB, pid int) func(context.Context) ([]bench.Process, error) {
	t.Helper()
	p, err := Host.Process(pid)
	if err != nil {
		t.Fatal(err)
	}
	return known(p)
}

// born is a process as stat of a test tells of it: see begin.
func born(pid int) bench.Process { return bench.Process{PID: pid, Start: 100} }

// begin makes a process in captured files, as born gives it.
func begin(t *testing.T, fs FS, pid, anonKB int) {
	t.Helper()
	write(t, fs, ofPID(pid, "status"), status(anonKB))
	write(t, fs, ofPID(pid, "stat"), stat(pid, 100))
	write(t, fs, ofPID(pid, "cgroup"), "0::/\n")
}

func stat(pid, start int) string {
	return fmt.Sprintf("%d (x) S 1 1 1 0 -1 4 7 0 0 0 100 50 0 0 20 0 1 0 %d 0", pid, start)
}

// crowd is a container whose processes change, and whose listing may be slow.
type crowd struct {
	mu   sync.Mutex
	now  []bench.Process
	slow time.Duration
}

func (c *crowd) set(slow time.Duration, now ...bench.Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.slow = now, slow
}

func (c *crowd) list(context.Context) ([]bench.Process, error) {
	c.mu.Lock()
	now, slow := c.now, c.slow
	c.mu.Unlock()
	time.Sleep(slow)
	return now, nil
}

// copyOf makes captured files that a test may change.
func copyOf(t *testing.T, fs FS) FS {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(string(fs))); err != nil {
		t.Fatal(err)
	}
	return FS(dir)
}

// write changes a file of a copy, or makes it.
func write(t *testing.T, fs FS, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(fs.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fs.path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func status(anonKB int) string {
	return "State:\tS (sleeping)\nVmHWM:\t" + strconv.Itoa(anonKB+100) + " kB\nRssAnon:\t" + strconv.Itoa(anonKB) + " kB\nRssFile:\t4 kB\nThreads:\t1\n"
}

// Samples are taken at once and then on the beat, whenever Run begins.
func TestTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []bench.Sample
		r := NewRecorder(Config{
			FS: v1, Every: 100 * time.Millisecond, Processes: known(captured),
			Sample: func(s bench.Sample) { got = append(got, s) },
		})
		time.Sleep(250 * time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := r.Run(ctx); err != nil {
			t.Fatal(err)
		}
		one := bench.Sample{Anon: 16168 * bench.KiB, Shmem: 12 * bench.KiB, File: 6700 * bench.KiB}
		want := []bench.Sample{one, one, one}
		for i, ms := range []int{250, 300, 400} {
			want[i].At = time.Duration(ms) * time.Millisecond
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("samples (-want +got):\n%s", diff)
		}
		if latest, ok := r.Latest(); !ok || latest != want[2] {
			t.Errorf("latest %v, %v", latest, ok)
		}
		s := r.Sampler()
		if s.Taken != 3 || s.Missed != 0 || s.Every != 100*time.Millisecond || s.HWMBound != 2*31*bench.Bytes(os.Getpagesize()) || s.Busy <= 0 {
			t.Errorf("sampler %+v", s)
		}
	})
}

// Processes come and go; the sum follows within the refresh. When the last
// one is gone, Run ends.
func TestProcessesComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := copyOf(t, v1)
		c := &crowd{now: []bench.Process{born(1)}}
		r := NewRecorder(Config{FS: fs, Every: 100 * time.Millisecond, Processes: c.list})
		begin(t, fs, 1, 10)
		done := make(chan error)
		go func() { done <- r.Run(t.Context()) }()
		expect := func(want bench.Bytes) {
			t.Helper()
			synctest.Wait()
			if got, _ := r.Latest(); got.Anon != want*bench.KiB {
				t.Errorf("after %v: %d kB; want %d", got.At, got.Anon/bench.KiB, want)
			}
		}
		expect(10)
		begin(t, fs, 2, 20)
		c.set(0, born(1), born(2))
		time.Sleep(1100 * time.Millisecond)
		expect(30)
		write(t, fs, "proc/1/status", status(15))
		time.Sleep(100 * time.Millisecond)
		expect(35)
		if got, err := r.HighWater(); err != nil || got != (15+20+2*96)*bench.KiB {
			t.Errorf("high water %d, %v", got/bench.KiB, err)
		}
		write(t, fs, "proc/1/status", "State:\tZ (zombie)\nThreads:\t1\n")
		time.Sleep(100 * time.Millisecond)
		expect(20)
		// The last one ends, and finding that out takes its time.
		c.set(250*time.Millisecond, born(1), born(2))
		write(t, fs, "proc/2/status", "State:\tZ (zombie)\nThreads:\t1\n")
		if err := <-done; !errors.Is(err, ErrEnded) {
			t.Errorf("Run ended with %v", err)
		}
		if _, err := r.HighWater(); !errors.Is(err, ErrEnded) {
			t.Errorf("high water of the dead: %v", err)
		}
	})
}

// Ticks that nobody took are counted.
func TestMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := copyOf(t, v1)
		begin(t, fs, 1, 10)
		begin(t, fs, 2, 10)
		c := &crowd{now: []bench.Process{born(1)}}
		r := NewRecorder(Config{FS: fs, Every: 100 * time.Millisecond, Refresh: time.Hour, Processes: c.list})
		ctx, cancel := context.WithTimeout(t.Context(), 950*time.Millisecond)
		defer cancel()
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait()
		// The only process is replaced, and finding the new one takes 250 ms.
		c.set(250*time.Millisecond, born(2))
		write(t, fs, "proc/1/status", "State:\tZ (zombie)\nThreads:\t1\n")
		if err := <-done; err != nil {
			t.Error(err)
		}
		if s := r.Sampler(); s.Missed != 2 || s.Taken != 1+1+6 {
			t.Errorf("%+v; want 2 missed, 8 taken", s)
		}
	})
}

func TestRunErrors(t *testing.T) {
	broken := errors.New("no answer")
	r := NewRecorder(Config{FS: v1, Processes: func(context.Context) ([]bench.Process, error) { return nil, broken }})
	if err := r.Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("Run: %v", err)
	}
	if _, _, err := r.CPU(); !errors.Is(err, broken) {
		t.Errorf("CPU: %v", err)
	}
	r = NewRecorder(Config{FS: v1, Processes: known(born(99))})
	if err := r.Run(t.Context()); !errors.Is(err, ErrEnded) {
		t.Errorf("Run without a process: %v", err)
	}
	if _, ok := r.Latest(); ok {
		t.Error("there is a sample of nothing")
	}
}

func TestEdgeCaptured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder(Config{FS: v2, Processes: known(captured, born(99))})
		time.Sleep(time.Second)
		same(t, "edge", bench.Edge{
			At: time.Second, Name: "batch 1 start",
			Anon: 16168 * bench.KiB, Anonymous: 16168 * bench.KiB, MinorFaults: 5208, Processes: 1,
			Shmem: 256 * bench.KiB, Charged: 16168*bench.KiB + 256*bench.KiB + 4*bench.MiB, Proportional: 16168 * bench.KiB,
		}, func() (bench.Edge, error) { return r.Edge("batch 1 start") })
	})
}

func TestCPU(t *testing.T) {
	check := func(fs FS, wantUsed, wantWaited time.Duration) {
		t.Helper()
		used, waited, err := NewRecorder(Config{FS: fs, Processes: known(captured)}).CPU()
		if err != nil || used != wantUsed || waited != wantWaited {
			t.Errorf("%s: used %v, waited %v, %v; want %v, %v", fs, used, waited, err, wantUsed, wantWaited)
		}
	}
	const waited = 17040820 + 908976054 + 1059532932 + 1057091471
	check(v1, 1234567890, waited)
	check(v2, 1234567000, waited)
	// In a group together with us, only the processes tell.
	fs := copyOf(t, v2)
	write(t, fs, "proc/4242/cgroup", "0::/user.slice/user-1000.slice/session-3.scope\n")
	check(fs, 40*time.Millisecond, waited)
}

// What ended threads and processes were last seen with stays counted, and a
// number that is used again does not take away from it.
func TestCPUOnlyGrows(t *testing.T) {
	fs := copyOf(t, v1)
	begin(t, fs, 7, 10)
	write(t, fs, "proc/7/task/7/schedstat", "1 1000 1\n")
	write(t, fs, "proc/7/task/8/schedstat", "1 500 1\n")
	second := bench.Process{PID: 7, Start: 999}
	r := NewRecorder(Config{FS: fs, Processes: known(born(7), second)})
	check := func(wantUsed, wantWaited time.Duration, wantErr error) {
		t.Helper()
		used, waited, err := r.CPU()
		if used != wantUsed || waited != wantWaited || !errors.Is(err, wantErr) {
			t.Errorf("used %v, waited %v, %v; want %v, %v, %v", used, waited, err, wantUsed, wantWaited, wantErr)
		}
	}
	check(1500*time.Millisecond, 1500, nil)
	write(t, fs, "proc/7/task/7/schedstat", "1 1200 1\n")
	os.RemoveAll(fs.path("proc/7/task/8"))
	check(1500*time.Millisecond, 1700, nil)
	write(t, fs, "proc/7/task/8/schedstat", "1 30 1\n")
	check(1500*time.Millisecond, 1730, nil)
	write(t, fs, "proc/7/task/8/schedstat", "1 20 1\n")
	check(1500*time.Millisecond, 1750, nil)
	write(t, fs, "proc/7/stat", "7 (y) S 1 1 1 0 -1 4 7 0 0 0 10 0 0 0 20 0 1 0 999 0")
	check(1600*time.Millisecond, 1750+1200+20, nil)
	// One that was never listed is a stranger.
	write(t, fs, "proc/7/stat", stat(7, 5000))
	check(1600*time.Millisecond, 1750+1200+20, ErrEnded)
	os.RemoveAll(fs.path("proc/7"))
	check(1600*time.Millisecond, 1750+1200+20, ErrEnded)
}

// The kernel's part, to answer a reset with a fresh figure, is played here.
func TestCgroupPeak(t *testing.T) {
	fs := copyOf(t, v2)
	r := NewRecorder(Config{FS: fs, Processes: known(captured)})
	defer r.Close()
	if peak, err := r.CgroupPeak(); peak != 0 || err != nil {
		t.Errorf("without a reset: %d, %v", peak, err)
	}
	if err := r.ResetHighWater(); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(fs.path("proc/4242/clear_refs")); string(b) != "5" {
		t.Errorf("clear_refs was given %q, %v", b, err)
	}
	write(t, fs, "sys/fs/cgroup/system.slice/"+group+"/memory.peak", "9437184\n")
	if peak, err := r.CgroupPeak(); peak != 8*bench.MiB || err != nil {
		t.Errorf("peak %d, %v; want 8 MiB", peak, err)
	}
	old := NewRecorder(Config{FS: copyOf(t, v1), Processes: known(captured)})
	if err := old.ResetHighWater(); err != nil {
		t.Fatal(err)
	}
	if peak, err := old.CgroupPeak(); peak != 0 || err != nil {
		t.Errorf("with version 1: %d, %v", peak, err)
	}
}
