package meter

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

func TestOrigin(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	cmd.Env = []string{"KNOB=a=b", "KNOB=second", "EMPTY="}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	start, _, err := proc.StartTime(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	p := bench.Process{PID: cmd.Process.Pid, Start: start}
	o, err := Host.Origin(p)
	// Start returns a moment before the kernel has put the arguments in their place.
	for begun := time.Now(); err == nil && len(o.Args) == 0 && time.Since(begun) < 10*time.Second; o, err = Host.Origin(p) {
		time.Sleep(time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	if empty, there := o.Environ["EMPTY"]; o.Environ["KNOB"] == "" || !there || empty != "" || o.Secure || o.Mode.Perm()&0o111 == 0 {
		t.Errorf("%+v", o)
	}
	if o.UID != os.Geteuid() || o.GID != os.Getegid() || o.UID != 0 && o.ReadAll {
		t.Errorf("rights %+v", o)
	}
	if want := []string{"sleep", "60"}; !slices.Equal(o.Args, want) || filepath.Base(o.Program) != "sleep" && filepath.Base(o.Program) != "coreutils" {
		t.Errorf("%q %q", o.Program, o.Args)
	}
	if _, err := Host.Origin(bench.Process{PID: p.PID, Start: start + 1}); err == nil {
		t.Error("another one that had the number before was taken for it")
	}
	f, err := Host.OpenIn(p, o.Program)
	if err != nil {
		t.Fatal(err)
	}
	program, err := Host.OpenProgram(p)
	if err != nil {
		t.Fatal(err)
	}
	one, err := f.Stat()
	two, err2 := program.Stat()
	if err != nil || err2 != nil || !os.SameFile(one, two) {
		t.Errorf("%v, %v: two files", err, err2)
	}
	f.Close()
	program.Close()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
}

// TestOpenIn: links lead where they lead from the root, and nothing is waited for.
func TestOpenIn(t *testing.T) {
	root := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(root, "usr/lib"), 0o755),
		os.WriteFile(filepath.Join(root, "usr/lib/a.so"), []byte("here"), 0o644),
		os.Symlink("/usr/lib", filepath.Join(root, "lib")),
		os.Symlink("../../../../../../usr/lib/a.so", filepath.Join(root, "up.so")),
		os.Symlink("usr/lib/a.so", filepath.Join(root, "down.so")),
		unix.Mkfifo(filepath.Join(root, "pipe"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func(path string) string {
		f, err := openIn(root, path)
		if err != nil {
			return ""
		}
		defer f.Close()
		b := make([]byte, 10)
		n, _ := f.Read(b)
		return string(b[:n])
	}
	for path, want := range map[string]string{
		"/usr/lib/a.so": "here", "/lib/a.so": "here", "/up.so": "here", "down.so": "here", "/pipe": "", "/usr": "", "/none": "",
	} {
		if got := read(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	// As on a kernel that cannot do it.
	f, err := openBelow(root, "./down.so")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

func TestParseSecure(t *testing.T) {
	word := func(b byte) []byte { return append([]byte{b}, make([]byte, 7)...) }
	check := func(want, ok bool, words ...byte) {
		t.Helper()
		var b []byte
		for _, w := range words {
			b = append(b, word(w)...)
		}
		if got, err := parseSecure(b); got != want || (err == nil) != ok {
			t.Errorf("%v: %v, %v", words, got, err)
		}
	}
	check(true, true, 3, 9, 23, 1, 0, 0)
	check(false, true, 3, 9, 23, 0, 0, 0)
	check(false, true, 3, 9, 0, 0)
	check(false, false, 3, 9)
	check(false, false)
}
