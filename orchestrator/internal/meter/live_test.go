package meter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// start runs the Recorder until the test ends.
func start(t testing.TB, r *Recorder) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// sampled waits until a sample was taken after now.
func sampled(t testing.TB, r *Recorder) bench.Sample {
	t.Helper()
	now := time.Since(r.cfg.Start)
	for range 500 {
		if s, ok := r.Latest(); ok && s.At > now {
			return s
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("no sample within 5 s")
	return bench.Sample{}
}

// This process grows by 64 MiB and gives them back. The samples show it, the
// walk over the pages agrees, and the high-water mark remembers.
func TestOwnGrowth(t *testing.T) {
	const size = 64 * bench.MiB
	r := NewRecorder(Config{Every: 10 * time.Millisecond, Processes: own(t, os.Getpid())})
	start(t, r)
	near := func(what string, got, want bench.Bytes) {
		t.Helper()
		// The Go heap of the test moves a little meanwhile.
		if diff := got - want; diff < -8*bench.MiB || diff > 8*bench.MiB {
			t.Errorf("%s: %.1f MiB; want about %.1f", what, got.MiB(), want.MiB())
		}
	}
	before := sampled(t, r)
	if err := r.ResetHighWater(); err != nil {
		t.Fatal(err)
	}
	faults, err := r.Edge("before")
	if err != nil {
		t.Fatal(err)
	}

	block, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(block); i += os.Getpagesize() {
		block[i] = 1
	}
	near("with the block", sampled(t, r).Anon, before.Anon+size)
	edge, err := r.Edge("with the block")
	if err != nil {
		t.Fatal(err)
	}
	near("the walk over the pages", edge.Anonymous, before.Anon+size)
	if edge.MinorFaults <= faults.MinorFaults {
		t.Errorf("faults went from %d to %d", faults.MinorFaults, edge.MinorFaults)
	}

	if err := unix.Munmap(block); err != nil {
		t.Fatal(err)
	}
	near("given back", sampled(t, r).Anon, before.Anon)
	high, err := r.HighWater()
	if err != nil {
		t.Fatal(err)
	}
	near("high water after it was given back", high, before.Anon+size)
	if err := r.ResetHighWater(); err != nil {
		t.Fatal(err)
	}
	high, err = r.HighWater()
	if err != nil {
		t.Fatal(err)
	}
	near("high water after a reset", high, before.Anon)
}

// A process that ends in the middle ends the recording.
func TestOwnChildEnds(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	child, err := Host.Process(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	r := NewRecorder(Config{Every: 10 * time.Millisecond, Processes: known(child)})
	done := make(chan error, 1)
	go func() { done <- r.Run(t.Context()) }()
	sampled(t, r)
	if _, _, err := r.CPU(); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// It ends as soon as it is dead, whether or not its parent has noticed.
	if err := <-done; !errors.Is(err, ErrEnded) {
		t.Errorf("Run: %v", err)
	}
	_ = cmd.Wait() // killed, as was asked for
	if _, _, err := r.CPU(); !errors.Is(err, ErrEnded) {
		t.Errorf("CPU: %v", err)
	}
	if _, err := Open(Host, child); !errors.Is(err, ErrEnded) {
		t.Errorf("Open: %v", err)
	}
}

// Without the right to trace, the mark cannot be reset nor the pages walked,
// and both say so; the samples work all the same.
func TestDenied(t *testing.T) {
	needs.Root(t, "give up its rights for a moment")
	// Not this process: it may always walk its own pages.
	r := NewRecorder(Config{Processes: own(t, os.Getppid())})
	type result struct{ reset, edge, water error }
	got := make(chan result)
	go func() {
		// Only this thread becomes somebody else. It is not unlocked, so it
		// ends with the goroutine.
		runtime.LockOSThread()
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), 65534, ^uintptr(0)); errno != 0 {
			got <- result{errno, errno, errno}
			return
		}
		var res result
		res.reset = r.ResetHighWater()
		_, res.edge = r.Edge("x")
		_, res.water = r.HighWater()
		got <- res
	}()
	res := <-got
	for what, err := range map[string]error{"reset": res.reset, "edge": res.edge} {
		var denied *DeniedError
		if !errors.As(err, &denied) || !errors.Is(err, os.ErrPermission) {
			t.Errorf("%s: %v; want a DeniedError", what, err)
		}
	}
	if res.water != nil {
		t.Errorf("status is for everybody: %v", res.water)
	}
}

// BenchmarkStatus is one reading of an open status file.
func BenchmarkStatus(b *testing.B) {
	self, err := Host.Process(os.Getpid())
	if err != nil {
		b.Fatal(err)
	}
	p, err := Open(Host, self)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Status(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAccount is one reading of an open memory.stat.
func BenchmarkAccount(b *testing.B) {
	a, err := Host.openAccount(newGroup(b).dir + "/memory.stat")
	if err != nil {
		b.Fatal(err)
	}
	defer a.close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.read(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecorders is the price of three recorders at 20 Hz, in per cent of
// one CPU: all of this process's CPU time, timers and wake-ups included.
func BenchmarkRecorders(b *testing.B) {
	usage := func(b *testing.B) time.Duration {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	for _, grouped := range []bool{false, true} {
		b.Run(fmt.Sprintf("own group %v", grouped), func(b *testing.B) {
			var group *testGroup
			if grouped {
				group = newGroup(b)
			}
			for range 3 {
				s := newSubject(b, group)
				start(b, NewRecorder(Config{Processes: s.crowd.list}))
			}
			before, began := usage(b), time.Now()
			for b.Loop() {
				time.Sleep(100 * time.Millisecond)
			}
			b.ReportMetric(100*float64(usage(b)-before)/float64(time.Since(began)), "cpu-%")
		})
	}
}
