package lab

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/process"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// workshop is a folder in which gcc makes programs and libraries.
type workshop struct {
	t   *testing.T
	dir string
}

func newWorkshop(t *testing.T) workshop { return workshop{t, t.TempDir()} }

func (w workshop) path(name string) string { return filepath.Join(w.dir, name) }

func (w workshop) write(name, text string) string {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o755); err != nil {
		w.t.Fatal(err)
	}
	return w.path(name)
}

// gcc makes a file, whose folder it makes too.
func (w workshop) gcc(name string, args ...string) string {
	w.t.Helper()
	w.write(name, "")
	cmd := exec.CommandContext(w.t.Context(), "gcc", append([]string{"-o", w.path(name)}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("gcc %v: %v\n%s", args, err, out)
	}
	return w.path(name)
}

// library makes one that does nothing.
func (w workshop) library(name string) string {
	return w.gcc(name, "-shared", "-fPIC", "-Wl,-soname,"+filepath.Base(name), w.write("empty.c", ""))
}

func (w workshop) program(name string, args ...string) string {
	return w.gcc(name, append([]string{w.write("main.c", "#include <unistd.h>\nint main(void) { return sleep(60); }\n")}, args...)...)
}

// foreign makes a library for another architecture out of one.
func (w workshop) foreign(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(w.library(name))
	if err != nil {
		w.t.Fatal(err)
	}
	machine := elf.EM_AARCH64
	if elf.Machine(binary.LittleEndian.Uint16(text[18:])) == machine {
		machine = elf.EM_X86_64
	}
	binary.LittleEndian.PutUint16(text[18:], uint16(machine))
	return w.write(name, string(text))
}

// newer makes a library that needs a glibc which there is not yet.
func (w workshop) newer(name string) string {
	w.t.Helper()
	w.gcc("newer/libc.so.6", "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libc.so.6",
		"-Wl,--version-script="+w.write("newer.map", "GLIBC_9.98 { global: newer; };\nGLIBC_9.99 { global: newest; } GLIBC_9.98;\n"),
		w.write("newer.c", "void newer(void) {}\nvoid newest(void) {}\n"))
	return w.gcc(name, "-shared", "-fPIC", "-nostdlib", w.write("needs.c", "void newer(void);\nvoid newest(void);\nvoid f(void) { newer(); newest(); }\n"), w.path("newer/libc.so.6"))
}

// start runs a program until the end of the test, and gives its process.
func start(t *testing.T, cmd *exec.Cmd) bench.Process {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	ticks, _, err := proc.StartTime(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return bench.Process{PID: cmd.Process.Pid, Start: ticks}
}

// loaded is a program that runs, once its loader has done its work.
func loaded(t *testing.T, program, preload string) started {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = []string{"LD_PRELOAD=" + preload}
	p := start(t, cmd)
	st := started{service: program, open: func(path string) (*os.File, error) { return meter.Host.OpenIn(p, path) }}
	var err error
	if st.program, err = elf.Open(program); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.program.Close() })
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if st.files, err = meter.Host.Maps(p); err != nil {
			t.Fatal(err)
		}
		if (st.static() || st.libc() != "") && time.Since(began) > 200*time.Millisecond {
			break
		}
		if time.Since(began) > 10*time.Second {
			t.Fatal("it has no C library")
		}
	}
	if st.origin, err = meter.Host.Origin(p); err != nil {
		t.Fatal(err)
	}
	return st
}

// TestPreloads sabotages what is loaded into real programs.
func TestPreloads(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	plain, static := w.program("plain"), w.program("static", "-static")
	jemalloc, mimalloc := w.library("lib/libjemalloc.so.2"), w.library("lib/libmimalloc.so.2")
	other := w.library("other/libjemalloc.so.2")
	linked := w.program("linked", "-Wl,--no-as-needed", jemalloc, "-Wl,-rpath,"+w.path("lib"))
	foreign, text := w.foreign("foreign/libjemalloc.so.2"), w.write("text/libjemalloc.so.2", "no library\n")
	if err := os.Symlink(jemalloc, w.path("link.so")); err != nil {
		t.Fatal(err)
	}
	host, alien := "x86_64", "aarch64"
	if elfOf(t, plain).Machine == elf.EM_AARCH64 {
		host, alien = alien, host
	}
	check := func(program, preload, want, advice string, change ...func(*started)) {
		t.Helper()
		st := loaded(t, program, preload)
		for _, c := range change {
			c(&st)
		}
		got := ""
		err := st.preloadFault()
		if err != nil {
			got = strings.ReplaceAll(err.Error(), w.dir, "DIR")
		}
		if got != want || hint.Of(err) != advice {
			t.Errorf("%s with %s:\n  %s\n  (%s)\nwant\n  %s\n  (%s)", filepath.Base(program), preload, got, hint.Of(err), want, advice)
		}
	}
	check(plain, "", "", "")
	check(plain, jemalloc, "", "")
	check(plain, w.path("link.so"), "", "")
	check(linked, "", "", "")
	check(plain, w.path("none/libjemalloc.so.2"), "LD_PRELOAD names DIR/none/libjemalloc.so.2, which is not there",
		"install the package that has it in the image, or correct the path")
	check(plain, "libnone.so", "LD_PRELOAD names libnone.so, which is not there", "install the package that has it in the image, or correct the path")
	check(plain, foreign, "LD_PRELOAD names DIR/foreign/libjemalloc.so.2, which is for "+alien+", and the program is for "+host,
		"install the library of the image's architecture")
	check(plain, text, "LD_PRELOAD names DIR/text/libjemalloc.so.2, which is no ELF file", "correct the path")
	check(static, jemalloc, "its program is statically linked, and LD_PRELOAD names DIR/lib/libjemalloc.so.2: nothing can be loaded into it",
		"link the allocator into it, or build it for a dynamic loader")
	check(plain, jemalloc+":"+mimalloc, "LD_PRELOAD names two allocators, DIR/lib/libjemalloc.so.2 and DIR/lib/libmimalloc.so.2", "preload one")
	check(linked, other, "its program links libjemalloc.so.2 and LD_PRELOAD names DIR/other/libjemalloc.so.2: an allocator is there twice", "link it or preload it, not both")
	check(plain, jemalloc, "its program DIR/plain has an allocator of its own and LD_PRELOAD names DIR/lib/libjemalloc.so.2: one is there twice", "link it or preload it, not both",
		func(s *started) { s.malloc = "./plain" })
	check(plain, "", "its memory maps have an allocator twice: /a/libjemalloc.so.2 and /b/libjemalloc.so.2", "link it or preload it, once", func(s *started) {
		s.files = []meter.MappedFile{{Path: "/a/libjemalloc.so.2", Executable: true}, {Path: "/b/libjemalloc.so.2", Executable: true}}
	})
	if err := os.Chmod(other, 0); err != nil {
		t.Fatal(err)
	}
	// This test may be root, whom no mode keeps out: the loader's answer to another
	// user is that it was not loaded.
	stranger := func(s *started) {
		s.origin.UID, s.origin.GID, s.origin.ReadAll = 65532, 65532, false
		s.files = []meter.MappedFile{{Path: "/lib/libc.so.6", Executable: true}}
	}
	want := "LD_PRELOAD names DIR/other/libjemalloc.so.2, which user 65532 may not read"
	if os.Geteuid() == 0 {
		want += " (mode 0000)"
	}
	check(plain, other, want, "chmod a+r it in the Dockerfile", stranger)
}

func elfOf(t *testing.T, file string) *elf.File {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestPrivileged: a program with rights of its own is refused, whether it has them
// here or not.
func TestPrivileged(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	check := func(mode os.FileMode, want string) {
		t.Helper()
		program := w.program(fmt.Sprintf("%o/program", mode)) // one that runs cannot be written
		if err := os.Chmod(program, mode); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := loaded(t, program, "").privileged(); err != nil {
			got = strings.ReplaceAll(err.Error(), filepath.Dir(program), "DIR")
		}
		if got != want {
			t.Errorf("%v: %q, want %q", mode, got, want)
		}
	}
	check(0o755, "")
	check(0o755|os.ModeSetuid, "its program DIR/program is setuid: there, the loader drops LD_PRELOAD and knobs")
	check(0o755|os.ModeSetgid, "its program DIR/program is setgid: there, the loader drops LD_PRELOAD and knobs")
	err := started{origin: meter.Origin{Program: "/p", Secure: true}}.privileged()
	refused(t, err, "its program /p has rights that its user does not have: there, the loader drops LD_PRELOAD and knobs", "setcap -r")
}

// TestLostEnvironment: a wrapper that starts the service without its environment is
// named with its command line.
func TestLostEnvironment(t *testing.T) {
	t.Parallel()
	check := func(script, want string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "KNOB=1", "SLEEP_MS=0"}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cmd.StdinPipe(); err != nil { // it reads until it is killed
			t.Fatal(err)
		}
		first := start(t, cmd)
		if _, err := out.Read(make([]byte, 1)); err != nil { // it is what it will be
			t.Fatal(err)
		}
		p := &participant{variant: bench.Variant{Name: "v"}, given: map[string]string{"KNOB": "1", "SLEEP_MS": "0"}, origin: meter.Host.Origin}
		all, err := withOrigins([]processMaps{{process: first}}, p.origin)
		if err != nil {
			t.Fatal(err)
		}
		all[0].process.PID = 7
		got := ""
		if err := p.kept(all); err != nil {
			got = err.Error()
			var wrong *proofError
			if !errors.As(err, &wrong) || !strings.Contains(hint.Of(err), "env -i") {
				t.Errorf("%v (%s)", err, hint.Of(err))
			}
		}
		if got != want {
			t.Errorf("%s:\n  %s\nwant\n  %s", script, got, want)
		}
	}
	check(`exec sh -c 'echo; read x'`, "")
	check(`exec env -i sh -c 'echo; read x'`, `variant v was started with KNOB=1, and its process 7, "sh -c echo; read x", does not have KNOB: the environment was lost on the way`)
	check(`KNOB=2 exec sh -c 'echo; read x'`, `variant v was started with KNOB=1, and its process 7, "sh -c echo; read x", has KNOB=2: the environment was lost on the way`)
}

// TestSabotages checks real builds of the service, by the process engine.
func TestSabotages(t *testing.T) {
	needs.Patience(t, "builds the service and starts it nine times")
	w := newWorkshop(t)
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	eng, err := process.New(process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: filepath.Join(t.TempDir(), "cache")})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	libc := strings.TrimPrefix(strings.TrimSpace(output(t, "getconf", "GNU_LIBC_VERSION")), "glibc ")
	env := func(kv ...string) map[string]string {
		m := map[string]string{}
		for _, s := range kv {
			name, value, _ := strings.Cut(s, "=")
			m[name] = value
		}
		return m
	}
	variants := []struct {
		env  map[string]string
		want string // what is told: the error, or the notes
	}{
		{env("MALLOC_ARENA_MAX=2", "TRIM_MS=1000", "GLIBC_TUNABLES=glibc.malloc.trim_threshold=65536"), ""},
		{env("MALLOC_ARENAMAX=2"), "MALLOC_ARENAMAX=2: glibc " + libc + ` has no MALLOC_ARENAMAX (did you mean "MALLOC_ARENA_MAX"?)`},
		{env("MALLOC_CHECK_=3"), "MALLOC_CHECK_=3 has no effect in glibc " + libc +
			": the checks are in libc_malloc_debug.so now, which has to be preloaded for them (leave it out)"},
		{env("MALLOC_CONF=narenas:2"), "MALLOC_CONF=narenas:2 is a knob of jemalloc, and malloc is glibc's (leave it out, or set it for a variant that runs jemalloc)"},
		{env("GLIBC_TUNABLES=glibc.malloc.mmap_threshold=64k"), "GLIBC_TUNABLES=glibc.malloc.mmap_threshold=64k did not take: glibc " + libc +
			" has 0x40 (glibc knows no units: write 65536)"},
		{env("LD_PRELOAD=/none/libjemalloc.so.2"), "LD_PRELOAD names /none/libjemalloc.so.2, which is not there (install the package that has it in the image, or correct the path)"},
		{env("LD_PRELOAD=" + w.newer("libnewer.so")), "DIR/libnewer.so needs glibc 9.99, and its image has glibc " + libc +
			" (use the library of the suite that the image is made from, or make the image from a later one)"},
		{
			env("LD_PRELOAD=" + w.library("libjemalloc.so.2") + " " + w.library("libmimalloc.so.2")),
			"says that it runs glibc, but has mimalloc in its memory maps: LD_PRELOAD names two allocators, DIR/libjemalloc.so.2 and DIR/libmimalloc.so.2 (preload one)",
		},
	}
	job := Job{RunID: "sabotage", Design: bench.Design{Baseline: "libc-0", Workers: 1, Threads: bench.Hop, Transport: bench.Unix}}
	var want, got []string
	for i, v := range variants {
		name := "libc-" + string(rune('0'+i))
		job.Design.Variants = append(job.Design.Variants, bench.Variant{Name: name, Dockerfile: "Dockerfile.libc", Env: v.env})
		want = append(want, v.want)
	}
	l, err := Open(t.Context(), Config{Engine: eng, Variants: job.Design.Variants, Records: &world{t: t}})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Check(t.Context(), job, func(c Checked) {
		text := ""
		if c.Err != nil {
			text = strings.ReplaceAll(c.Err.Error()+" ("+hint.Of(c.Err)+")", w.dir, "DIR")
			text = strings.TrimPrefix(strings.TrimPrefix(text, "variant "+c.Variant.Name), ":")
			text = strings.TrimSpace(text)
		} else if len(c.Proof.Binary) != 64 {
			t.Errorf("%s: its program has the hash %q", c.Variant.Name, c.Proof.Binary)
		}
		got = append(got, text)
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
