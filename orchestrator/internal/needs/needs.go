// Package needs says what a test cannot do without. It is for tests alone, and
// but for enginetest.Daemon it is the one place that skips any: a skip is a
// promise that nobody keeps, so each kind has its reason here.
package needs

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/kernel"
)

// Root skips a test that takes root's rights, for what it does.
func Root(t testing.TB, what string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can " + what)
	}
}

// Patience skips a test that takes long where tests are to be short.
func Patience(t testing.TB, what string) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long: it " + what)
	}
}

// Right skips a test that was refused what root may do elsewhere: in a container,
// for one. With LAB_DOCKER=1 everything is to be tested, and it fails if root was
// refused. Another error than a refusal fails it in any case.
func Right(t testing.TB, what string, err error) {
	t.Helper()
	refused := errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS)
	switch {
	case err == nil:
	case !refused, os.Geteuid() == 0 && os.Getenv("LAB_DOCKER") == "1":
		t.Fatalf("%s: %v", what, err)
	default:
		t.Skipf("may not %s: %v", what, err)
	}
}

// Setup skips a test unless people have set up the machine, or this process, as it
// needs. It is for what they chose and the test has read, never for what did not
// work: where a kernel lacks something, Kernel decides.
func Setup(t testing.TB, ok bool, otherwise string) {
	t.Helper()
	if !ok {
		t.Skip(otherwise)
	}
}

// Kernel skips a test where the kernel is older than a feature that it needs, or
// built without it. Where the feature has to be there, the test goes on, and fails
// if it is not.
func Kernel(t testing.TB, features ...kernel.Feature) {
	t.Helper()
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	release := unix.ByteSliceToString(u.Release[:])
	if without := lacks(release, readBuild(release), features); without != "" {
		t.Skip(without)
	}
}

// lacks says which of the features a kernel does not have, and why; empty: it has
// them all.
func lacks(release string, built build, features []kernel.Feature) string {
	for _, f := range features {
		switch {
		case !f.On(kernel.Parse(release)):
			return "Linux " + release + " is older than " + f.String()
		case f.Option != "" && built.without(f.Option):
			return built.file + " says that the kernel is built without " + f.Option + ": no " + f.Name
		}
	}
	return ""
}

// Mirror skips a test that takes packages from Debian where they cannot be had, as
// err says. With LAB_DOCKER=1 everything is to be tested, and it fails.
func Mirror(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("LAB_DOCKER") == "1":
		t.Fatalf("LAB_DOCKER=1, but Debian's packages cannot be had: %v", err)
	default:
		t.Skipf("Debian's packages cannot be had: %v", err)
	}
}
