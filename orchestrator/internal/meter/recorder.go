package meter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Defaults of Config.
const (
	DefaultEvery   = 50 * time.Millisecond
	DefaultRefresh = time.Second
)

// lookLimit bounds the search for processes that a method without a context
// makes.
const lookLimit = 5 * time.Second

// Config says what a Recorder is to watch.
type Config struct {
	FS      FS            // empty: Host
	Start   time.Time     // offsets count from here; zero: from NewRecorder
	Every   time.Duration // between two samples; 0: DefaultEvery
	Refresh time.Duration // between two looks for processes; 0: DefaultRefresh
	// Sample is given every sample as it is taken, from one goroutine; nil:
	// nobody wants them. The next one waits for it to return. A Recorder keeps
	// the last alone.
	Sample func(bench.Sample)
	// Processes lists the processes of the container. It may be slow: samples
	// are taken meanwhile. One whose number another process has got since is
	// never read.
	Processes func(ctx context.Context) ([]bench.Process, error)
}

// Recorder watches the processes of one container. Run takes samples; all
// other methods may be called from other goroutines, while it runs, before and
// after. Several Recorders may run at once.
type Recorder struct {
	cfg Config

	mu     sync.Mutex      // guards what follows
	known  []bench.Process // as they were last seen
	looked time.Time       // when that was; zero: never
	latest bench.Sample
	taken  int
	missed int
	busy   time.Duration
	most   seen        // the most that a sample saw
	alone  bool        // a sample was taken without a group of the container's own
	peak   *memoryPeak // of the cgroup, since the last reset

	groups *groups // of the container; has its own lock
	clock  clock   // CPU and waiting; has its own lock
}

// NewRecorder makes a Recorder. It reads nothing yet.
func NewRecorder(cfg Config) *Recorder {
	if cfg.Start.IsZero() {
		cfg.Start = time.Now()
	}
	if cfg.Every <= 0 {
		cfg.Every = DefaultEvery
	}
	if cfg.Refresh <= 0 {
		cfg.Refresh = DefaultRefresh
	}
	if cfg.Sample == nil {
		cfg.Sample = func(bench.Sample) {}
	}
	g := &groups{fs: cfg.FS}
	return &Recorder{cfg: cfg, groups: g, clock: clock{fs: cfg.FS, groups: g}}
}

// Run takes a sample at once, and one at every multiple of Every after Start. It
// blocks until the context ends, which is no error, or until all processes
// have ended: then the error matches ErrEnded.
func (r *Recorder) Run(ctx context.Context) error {
	if err := r.refresh(ctx); err != nil {
		return ignoreEnd(ctx, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	group.Go(func() { r.keepFresh(ctx) })

	w := &watch{fs: r.cfg.FS, groups: r.groups, procs: map[bench.Process]*Proc{}}
	defer w.close()
	return ignoreEnd(ctx, r.sample(ctx, w))
}

// ignoreEnd drops an error that came because the context ended.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// sample is the loop of Run.
func (r *Recorder) sample(ctx context.Context, w *watch) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	due := r.ticks() // number of the tick that is to come
	for {
		alive, err := r.take(w)
		if err != nil {
			return err
		}
		if !alive {
			// New ones may have taken their place since the last look.
			if err := r.refresh(ctx); err != nil {
				return errors.Join(ErrEnded, err)
			}
			if alive, err = r.take(w); err != nil {
				return err
			}
			if !alive {
				return ErrEnded
			}
		}
		next := max(r.ticks(), due) + 1
		r.miss(next - due - 1)
		due = next
		timer.Reset(time.Until(r.cfg.Start.Add(time.Duration(due) * r.cfg.Every)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// ticks gives the number of the last tick that was due.
func (r *Recorder) ticks() int { return int(time.Since(r.cfg.Start) / r.cfg.Every) }

func (r *Recorder) miss(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.missed += n
}

// take takes one sample. It says whether any process was alive.
func (r *Recorder) take(w *watch) (alive bool, err error) {
	r.mu.Lock()
	known := r.known // never changed in place
	r.mu.Unlock()
	var s bench.Sample
	var n seen
	busy := onThread(func() {
		s.At = time.Since(r.cfg.Start)
		n, err = w.read(known, &s)
	})
	if !r.count(busy, s, n, err) {
		return false, err
	}
	r.cfg.Sample(s)
	return true, nil
}

// count takes a sample into the accounts. It says whether it is one.
func (r *Recorder) count(busy time.Duration, s bench.Sample, n seen, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy += busy
	if err != nil || n.threads == 0 {
		return false
	}
	r.most.threads = max(r.most.threads, n.threads)
	r.most.sharing = max(r.most.sharing, n.sharing)
	r.most.huge = max(r.most.huge, n.huge)
	r.alone = r.alone || !n.apart
	r.latest = s
	r.taken++
	return true
}

// keepFresh looks for processes, and reads how long their threads waited, now
// and then until the context ends.
func (r *Recorder) keepFresh(ctx context.Context) {
	ticker := time.NewTicker(r.cfg.Refresh)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		// A look that fails leaves the processes that are known. If they have
		// ended, the next sample shows it, and looks again.
		if r.refresh(ctx) != nil {
			continue
		}
		r.mu.Lock()
		known := r.known
		r.mu.Unlock()
		// An error comes again when somebody asks for CPU.
		busy := onThread(func() { _ = r.clock.scan(known) })
		r.mu.Lock()
		r.busy += busy
		r.mu.Unlock()
	}
}

// refresh looks for the container's processes.
func (r *Recorder) refresh(ctx context.Context) error {
	processes, err := r.cfg.Processes(ctx)
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	processes = slices.Clone(processes)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known, r.looked = processes, time.Now()
	return nil
}

// processes gives the processes as they were last seen. Where Run does not
// keep them fresh, it looks for them itself; if that fails, those that are
// known have to do.
func (r *Recorder) processes() ([]bench.Process, error) {
	r.mu.Lock()
	never, age := r.looked.IsZero(), time.Since(r.looked)
	r.mu.Unlock()
	if never || age > 2*r.cfg.Refresh {
		ctx, cancel := context.WithTimeout(context.Background(), lookLimit)
		defer cancel()
		if err := r.refresh(ctx); err != nil && never {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known, nil
}

// Latest gives the last sample, if there is one.
func (r *Recorder) Latest() (bench.Sample, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latest, r.taken > 0
}

// Sampler says how the samples were taken so far, and what all readings of
// this Recorder cost in CPU.
func (r *Recorder) Sampler() bench.Sampler {
	kernel, errKernel := parse(r.cfg.FS, "proc/sys/kernel/osrelease", parseWord)
	cpus, errCPUs := r.cfg.FS.onlineCPUs()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := bench.Sampler{Every: r.cfg.Every, Taken: r.taken, Missed: r.missed, Busy: r.busy}
	if errKernel == nil && errCPUs == nil {
		s.HWMBound = hwmBound(kernel, cpus, r.most.threads, os.Getpagesize())
	}
	return s
}
