package lab

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
)

// outside is a service's process as static has it.
func outside(t *testing.T) processMaps {
	t.Helper()
	in := &enginetest.Fake{PIDs: []int{static()}}
	i, err := in.Start(t.Context(), engine.Spec{Image: engine.Image{Variant: "libc"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := i.Remove(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	processes, err := i.Processes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := readMaps(processes, meter.Host.Maps)
	if err == nil {
		all, err = withOrigins(all, meter.Host.Origin)
	}
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	return all[0]
}

// TestSound: what the service says of its program has to be so from outside.
func TestSound(t *testing.T) {
	m, own := outside(t), staticProgram()
	s := newService(terms{variant: "v"})
	check := func(program, hash, want string) {
		t.Helper()
		wrong, err := s.sound(allocatorAnswer{Program: program, Binary: hash}, []processMaps{m})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if wrong != nil {
			got = strings.ReplaceAll(wrong.Error(), own.path, "FILE")
		}
		if got != want {
			t.Errorf("%s, %s:\n  %s\nwant\n  %s", program, hash, got, want)
		}
	}
	check(own.path, own.sha256, "")
	check(own.path, "", `it says that its program has the SHA-256 "", and its file FILE has `+own.sha256)
	check(own.path, "abc", `it says that its program has the SHA-256 "abc", and its file FILE has `+own.sha256)
	check("/bin/other", own.sha256, `it says that its program is "/bin/other", which none of its processes has mapped`)
	check("", own.sha256, `it says that its program is "", which none of its processes has mapped`)
	m.process.Start++
	if _, err := s.sound(allocatorAnswer{Program: own.path, Binary: own.sha256}, []processMaps{m}); !errors.Is(err, meter.ErrEnded) {
		t.Errorf("of another process: %v", err)
	}
}

// TestWithOrigins: a process that has ended is none, one that may not be read is an
// error.
func TestWithOrigins(t *testing.T) {
	answers := map[int]error{2: meter.ErrEnded, 3: &meter.DeniedError{Path: "proc/3/environ", Err: os.ErrPermission}}
	read := func(p bench.Process) (meter.Origin, error) { return meter.Origin{Program: "/p"}, answers[p.PID] }
	process := func(pid int) processMaps { return processMaps{process: bench.Process{PID: pid}} }
	all, err := withOrigins([]processMaps{process(2), process(1)}, read)
	if err != nil || len(all) != 1 || all[0].process.PID != 1 || all[0].origin.Program != "/p" {
		t.Errorf("%v, %v; want that of process 1", all, err)
	}
	_, err = withOrigins([]processMaps{process(1), process(3)}, read)
	refused(t, err, "proc/3/environ: permission denied", "run as root")
}

// TestOddBinary: of programs that ought to be one, those that are not the
// baseline's are told.
func TestOddBinary(t *testing.T) {
	glibc := func(allocator, linkage, hash string) bench.Proof {
		return bench.Proof{Allocator: allocator, Linkage: linkage, Libc: "glibc 2.36", Binary: hash}
	}
	d := bench.Design{Baseline: "libc", Variants: []bench.Variant{{Name: "musl"}, {Name: "jemalloc"}, {Name: "libc"}, {Name: "linked"}, {Name: "odd"}}}
	var b binaries
	check := func(name string, want string) {
		t.Helper()
		got := b.odd(d, name)
		if want != "" {
			want = "its program is not that of " + want + ": they were built apart, and may differ in more than the allocator"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	check("libc", "")
	b.note("musl", bench.Proof{Allocator: "musl", Linkage: "static", Libc: "musl 1.2.3", Binary: "m"})
	b.note("jemalloc", glibc("jemalloc", "preloaded", "a"))
	b.note("odd", glibc("mimalloc", "preloaded", "b"))
	check("odd", "jemalloc") // there is no baseline yet
	b.note("libc", glibc("glibc", "linked", "a"))
	b.note("linked", glibc("jemalloc", "linked", "c"))
	for _, name := range []string{"libc", "musl", "jemalloc", "linked"} {
		check(name, "")
	}
	check("odd", "libc")
}

// TestNotes: a knob that cannot be read back, and a program that is not the others',
// weaken a trial and do not end it.
func TestNotes(t *testing.T) {
	faked(t, func(t *testing.T) {
		w := config(t, honest(nil))
		w.Design.Variants[1].Env = map[string]string{"MALLOC_CONF": "narenas_ratio:1"}
		exp, err := w.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, trial := range exp.Trials {
			for _, warning := range trial.Warnings {
				if warning.Code == "knob-unread" {
					got = append(got, trial.Variant+": "+warning.Text)
				}
			}
		}
		if want := "jemalloc: MALLOC_CONF=narenas_ratio:1 cannot be read back from jemalloc 1"; len(got) != 1 || got[0] != want {
			t.Errorf("%q; want %q", got, want)
		}
	})
}

func TestNeedsNewer(t *testing.T) {
	check := func(library, needs string, lines ...string) {
		t.Helper()
		if l, n := needsNewer(lines); l != library || n != needs {
			t.Errorf("%q: %q needs %q; want %q, %q", lines, l, n, library, needs)
		}
	}
	check("", "")
	check("", "", "stepper: listen: no", "version `GLIBCXX_3.4.99' not found (required by /x)")
	check("/usr/lib/libjemalloc.so.2", "2.38", "/stepper: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by /usr/lib/libjemalloc.so.2)")
	check("/a.so", "2.38", "x: version `GLIBC_2.9' not found (required by /b.so)", "x: version `GLIBC_2.38' not found (required by /a.so)", "x: version `GLIBC_2.36' not found (required by /c.so)")
}
