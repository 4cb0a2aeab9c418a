package meter

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// A machine of two CPUs: what its processes use beyond the variants and the lab
// is others', what the hypervisor takes is told apart, and so are a clock that
// was set and a night in suspension.
func TestMachine(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ticks := func(user, nice, system, idle, iowait, irq, softirq, steal, guest int) {
		t.Helper()
		write("proc/stat", fmt.Sprintf("cpu  %d %d %d %d %d %d %d %d %d 0\ncpu0 1 2 3\nintr 99\n",
			user, nice, system, idle, iowait, irq, softirq, steal, guest))
	}
	write("sys/devices/system/cpu/online", "0-1\n")
	now, lab, variants := clocks{wall: time.Hour, boot: 2 * time.Minute, mono: time.Minute}, time.Second, 5*time.Second
	m := &Machine{
		FS:       FS(root),
		Variants: func() time.Duration { return variants },
		clocks:   func() (clocks, error) { return now, nil },
		own:      func() time.Duration { return lab },
	}
	since := func(from MachineReading, want bench.Machine) {
		t.Helper()
		got, err := m.Since(from)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	ticks(1000, 0, 500, 9000, 10, 20, 30, 40, 7)
	from, err := m.Read()
	if err != nil {
		t.Fatal(err)
	}

	// 20 s: processes take 18 s of CPU, variants 11 s, the lab 2 s.
	now = clocks{wall: now.wall + 20*time.Second, boot: now.boot + 20*time.Second, mono: now.mono + 20*time.Second}
	lab, variants = lab+2*time.Second, variants+11*time.Second
	ticks(2200, 100, 1000, 10900, 110, 120, 130, 140, 907)
	want := bench.Machine{Elapsed: 20 * time.Second, CPUs: 2, Others: 5 * time.Second, Lab: 2 * time.Second, Stolen: time.Second}
	since(from, want)
	if share := want.OthersShare(); share != 0.125 {
		t.Errorf("share of others %v", share)
	}

	// The variants' own clock is finer than the kernel's ticks.
	variants += 6 * time.Second
	want.Others = 0
	since(from, want)
	variants -= 6 * time.Second
	want.Others = 5 * time.Second

	// A time server's correction is no jump; half a minute back is.
	now.wall += 20 * time.Millisecond
	since(from, want)
	now.wall -= 30 * time.Second
	want.Jumped = -30*time.Second + 20*time.Millisecond
	since(from, want)

	// Asleep, the clock on the wall goes on with that since the boot.
	now.boot += 8 * time.Hour
	now.wall += 8 * time.Hour
	want.Slept = 8 * time.Hour
	since(from, want)

	for _, wrong := range []string{"", "cpu0 1 2 3 4 5 6 7 8\n", "cpu  1 2 3\n", "cpu 1 2 x 4 5 6 7 8\n"} {
		write("proc/stat", wrong)
		if _, err := m.Since(from); err == nil {
			t.Errorf("%q was read", wrong)
		}
	}
}

// The kernel's own readings: a busy thread of ours shows as the lab's, and no
// clock jumps.
func TestMachineLive(t *testing.T) {
	m := &Machine{Variants: func() time.Duration { return 0 }, Children: true}
	from, err := m.Read()
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 200*time.Millisecond; {
	}
	got, err := m.Since(from)
	if err != nil {
		t.Fatal(err)
	}
	if got.Elapsed < 200*time.Millisecond || got.CPUs < 1 || got.Lab <= 0 || got.Lab > got.Elapsed*time.Duration(got.CPUs) || got.Jumped != 0 || got.Slept != 0 {
		t.Errorf("%+v", got)
	}
}
