package needs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/kernel"
)

func TestLacks(t *testing.T) {
	always := kernel.Feature{Name: "a", Since: kernel.Version{Major: 5, Minor: 3}}
	optional := kernel.Feature{Name: "b", Since: kernel.Version{Major: 5, Minor: 3}, Option: "CONFIG_B"}
	on := build{"config", []byte("# Linux\nCONFIG_B=y\nCONFIG_C=y\n")}
	off := build{"config", []byte("# Linux\n# CONFIG_B is not set\nCONFIG_C=y\n")}
	check := func(release string, built build, want string, features ...kernel.Feature) {
		t.Helper()
		if got := lacks(release, built, features); got != want {
			t.Errorf("Linux %s: %q; want %q", release, got, want)
		}
	}
	check("5.3.1", build{}, "", always, optional)
	check("5.2.21", build{}, "Linux 5.2.21 is older than a (Linux 5.3)", always)
	check("6.1.0", on, "", always, optional)
	check("6.1.0", off, "config says that the kernel is built without CONFIG_B: no b", always, optional)
	check("6.1.0", off, "", always)
	check("6.1.0", build{"config", []byte("# Linux\nCONFIG_BB=y\n")}, "config says that the kernel is built without CONFIG_B: no b", optional)
	check("unknown", build{}, "", always, optional)
}

// What is certainly on is not taken for off.
func TestBuild(t *testing.T) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	built := readBuild(unix.ByteSliceToString(u.Release[:]))
	Setup(t, built.file != "", "the kernel does not tell how it was built")
	for _, option := range []string{"CONFIG_PROC_FS", "CONFIG_NET"} {
		if built.without(option) {
			t.Errorf("%s says that the kernel is built without %s, and it runs this test", built.file, option)
		}
	}
}

// ending stands in for a test: it remembers how it ended.
type ending struct {
	testing.TB
	how string
}

func (e *ending) Helper()                   {}
func (e *ending) Skip(...any)               { e.end("skipped") }
func (e *ending) Skipf(string, ...any)      { e.end("skipped") }
func (e *ending) Fatalf(f string, a ...any) { e.end("failed: " + fmt.Sprintf(f, a...)) }

// end keeps the first of what would each have ended the test.
func (e *ending) end(how string) {
	if e.how == "goes on" {
		e.how = how
	}
}

// A browser that is not there skips a test, or fails it where there has to be one.
func TestBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	check := func(gate, want string) {
		t.Helper()
		t.Setenv("LAB_BROWSER", gate)
		e := &ending{how: "goes on"}
		if Browser(e); !strings.HasPrefix(e.how, want) {
			t.Errorf("LAB_BROWSER=%s: %s; want %s", gate, e.how, want)
		}
	}
	check("", "skipped")
	check("1", "failed: LAB_BROWSER=1")
	if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "chromium"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	check("", "goes on")
	check("1", "goes on")
}

func TestRight(t *testing.T) {
	check := func(gate string, err error, want string) {
		t.Helper()
		t.Setenv("LAB_DOCKER", gate)
		e := &ending{how: "goes on"}
		if Right(e, "make it", err); e.how != want {
			t.Errorf("LAB_DOCKER=%s, %v: %s; want %s", gate, err, e.how, want)
		}
	}
	refused := &os.PathError{Op: "mkdir", Path: "/x", Err: syscall.EPERM}
	check("", nil, "goes on")
	check("1", nil, "goes on")
	check("", refused, "skipped")
	check("", syscall.EROFS, "skipped")
	check("", errors.New("broken"), "failed: make it: broken")
	if os.Geteuid() == 0 {
		check("1", refused, "failed: make it: mkdir /x: operation not permitted")
	}
}
