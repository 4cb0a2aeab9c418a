package runs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// TestSocketRoot: a root is only given up for one that can be written to.
func TestSocketRoot(t *testing.T) {
	deep := "/" + strings.Repeat("d", 40)
	free := t.TempDir()
	check := func(temp, short, want string) {
		t.Helper()
		if got := SocketRoot(temp, short); got != want {
			t.Errorf("SocketRoot(%s, %s) = %s; want %s", temp, short, got, want)
		}
	}
	check("/tmp", free, "/tmp")
	check(deep, free, free)
	check(deep, filepath.Join(free, "none"), deep)
	if left, err := os.ReadDir(free); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}

	// The root that is kept leaves room for a name of 30 letters.
	longest := "/" + strings.Repeat("r", maxSocket-belowRoot-1)
	check(longest, free, longest)
	path := filepath.Join(longest, "stair-stepper-20260101-000000-abcdef", strings.Repeat("v", 30), "stepper.sock")
	if err := CheckSocket(path); err != nil {
		t.Error(err)
	}
}

// TestCheckSocket: the last length that the kernel takes, and one more.
func TestCheckSocket(t *testing.T) {
	path := "/" + strings.Repeat("s", maxSocket-1)
	if err := CheckSocket(path); err != nil {
		t.Error(err)
	}
	var hinted *hint.Error
	if err := CheckSocket(path + "s"); !errors.As(err, &hinted) || !strings.Contains(hinted.Advice, "TMPDIR") {
		t.Errorf("got %v; want an error with advice", err)
	}
}
