package meter

import (
	"errors"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

func TestApart(t *testing.T) {
	check := func(path, ours string, want bool) {
		t.Helper()
		if got := apart(path, ours); got != want {
			t.Errorf("apart(%q, %q) = %v; want %v", path, ours, got, want)
		}
	}
	check("/docker/a", "/", true)
	check("/docker/a", "/docker/b", true)
	check("/docker/a", "/docker/ab", true)
	check("/docker/a", "/docker/a", false)       // we are in it
	check("/docker/a", "/docker/a/lab", false)   // or below
	check("/lab/child", "/lab", true)            // it is below us
	check("/", "/lab", false)                    // it holds everybody
	check("", "/lab", false)                     // there is none
	check("/../../docker/a", "/", false)         // it is out of sight
	check("/user.slice", "/user.slice/s", false) // its neighbours are in it, and we are
}

func TestBoth(t *testing.T) {
	check := func(a, b, want string) {
		t.Helper()
		if got := both(a, b); got != want {
			t.Errorf("both(%q, %q) = %q; want %q", a, b, got, want)
		}
	}
	check("/docker/a", "/docker/a", "/docker/a")
	check("/docker/a", "/docker/a/b", "/docker/a")
	check("/docker/a/b", "/docker/a", "/docker/a")
	check("/docker/a/b", "/docker/a/c", "/docker/a")
	check("/docker/a", "/docker/ab", "/docker")
	check("/a", "/b", "/")
	check("/", "/b", "/")
	check("/a", "", "/")
	check("", "", "")
}

// A container that makes control groups of its own: what each holds is not all,
// what is above them is.
func TestNestedGroups(t *testing.T) {
	fs := copyOf(t, v2)
	above := "/system.slice/" + group
	begin(t, fs, 1, 10)
	begin(t, fs, 2, 20)
	write(t, fs, "proc/1/cgroup", "0::"+above+"/init\n")
	write(t, fs, "proc/2/cgroup", "0::"+above+"/app/worker\n")
	write(t, fs, "sys/fs/cgroup"+above+"/init/memory.stat", "anon 1\nfile 1\nshmem 4096\n")
	sample := func(want bench.Bytes, list ...bench.Process) {
		t.Helper()
		w := &watch{fs: fs, groups: &groups{fs: fs}, procs: map[bench.Process]*Proc{}}
		defer w.close()
		// The processes become known one after the other.
		for i := range list {
			var s bench.Sample
			n, err := w.read(list[:i+1], &s)
			if err != nil || !n.apart || i == len(list)-1 && s.Shmem != want {
				t.Errorf("%d processes: %+v, %+v, %v; want %d shared", i+1, s, n, err, want)
			}
		}
	}
	sample(4096, born(1))
	sample(256*bench.KiB, born(1), born(2))
	sample(256*bench.KiB, born(1), captured)

	// From within such a group, the container's is not apart from us.
	write(t, fs, "proc/self/cgroup", "0::"+above+"/lab\n")
	g := &groups{fs: fs}
	if c, err := g.find([]bench.Process{captured}); err != nil || c.Unified != "" {
		t.Errorf("the group that we are in too: %+v, %v; want none", c, err)
	}
}

// Where the account cannot be read, what is mapped is summed, and told.
func TestNoAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := copyOf(t, v2)
		if err := os.Remove(fs.path("sys/fs/cgroup/system.slice/" + group + "/memory.stat")); err != nil {
			t.Fatal(err)
		}
		shared := status(10) + "\n"
		shared = "RssShmem:\t64 kB\nHugetlbPages:\t2048 kB\nVmSwap:\t8 kB\n" + shared
		for pid := range 2 {
			begin(t, fs, pid+1, 10)
			write(t, fs, ofPID(pid+1, "status"), shared)
			write(t, fs, ofPID(pid+1, "cgroup"), "0::/system.slice/"+group+"\n")
			write(t, fs, ofPID(pid+1, "smaps_rollup"), "Rss:\t1 kB\n") // an old kernel's
		}
		r := NewRecorder(Config{FS: fs, Processes: known(born(1), born(2))})
		if notes := r.Notes(); len(notes) > 0 {
			t.Errorf("notes before there is anything: %v", notes)
		}
		done := make(chan error)
		go func() { done <- r.Run(t.Context()) }()
		synctest.Wait()
		want := bench.Sample{Anon: 20 * bench.KiB, Hugetlb: 4 * bench.MiB, Shmem: 128 * bench.KiB, Swap: 16 * bench.KiB, File: 8 * bench.KiB}
		if got, ok := r.Latest(); !ok || got != want {
			t.Errorf("%+v; want %+v", got, want)
		}
		edge, err := r.Edge("x")
		if err != nil || edge.Resident() != want.Resident() || edge.Charged != 0 || edge.Proportional != 0 || edge.Processes != 2 {
			t.Errorf("%+v, %v", edge, err)
		}
		var codes []string
		for _, n := range r.Notes() {
			codes = append(codes, n.Code)
		}
		if !slices.Equal(codes, []string{"no-cgroup", "shared-huge-pages"}) {
			t.Errorf("notes %v", r.Notes())
		}
		for pid := range 2 {
			write(t, fs, ofPID(pid+1, "status"), "State:\tZ (zombie)\nThreads:\t1\n")
		}
		if err := <-done; !errors.Is(err, ErrEnded) {
			t.Error(err)
		}
	})
}

// A group that goes away while its processes live was left by them.
func TestGroupGone(t *testing.T) {
	group := newGroup(t)
	s := watched(t, group)
	s.do("memfd")
	before, _ := s.read()
	// Into this test's own group, which is not theirs alone.
	us, err := Host.ownCgroup()
	if err != nil {
		t.Fatal(err)
	}
	ours := &testGroup{"/" + Host.unified(us.Unified)}
	if us.Memory.Path != "" {
		ours = &testGroup{"/" + Host.dir(us.Memory, "memory")}
	}
	ours.take(t, s.crowd.now[0].PID)
	if err := os.Remove(group.dir); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * s.meter.cfg.Refresh)
	about(t, "shared memory", before.Shmem, sampled(t, s.meter).Shmem, 0)
	if notes := s.meter.Notes(); len(notes) != 1 || notes[0].Code != "no-cgroup" {
		t.Errorf("notes %v; want that it has no group any more", notes)
	}
}
