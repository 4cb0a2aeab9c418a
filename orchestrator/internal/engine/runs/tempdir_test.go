package runs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

func TestTempHint(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "l") // below a deeper one, the folders would go elsewhere
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	hint := func(err error) string {
		var h *hint.Error
		if errors.As(err, &h) {
			return h.Hint()
		}
		return ""
	}
	for _, c := range []struct{ temp, root string }{
		{filepath.Join(dir, "none"), ""},
		{file, ""},
		{filepath.Join(file, "x"), ""},
		{filepath.Join(dir, "none"), filepath.Join(dir, "none too")}, // somebody else chose that one
	} {
		t.Setenv("TMPDIR", c.temp)
		f, err := NewFolders(c.root, "x-", Owner{})
		if err != nil {
			t.Fatal(err)
		}
		if err = f.Announce(""); err == nil {
			t.Fatalf("TMPDIR=%s: no error (closed: %v)", c.temp, f.Close())
		}
		if _, err := f.Add("r", "x", ""); err == nil || strings.Contains(hint(err), "TMPDIR") != (c.root == "") {
			t.Errorf("TMPDIR=%s, root %q: a folder for an instance: %v, advice %q", c.temp, c.root, err, hint(err))
		}
		if _, err := f.Runs(); c.temp == file && !strings.Contains(hint(err), "TMPDIR") {
			t.Errorf("TMPDIR=%s: other runs: %v, advice %q", c.temp, err, hint(err))
		}
		err = TempHint(fmt.Errorf("announce: %w", err), f.Root)
		if got := strings.Contains(hint(err), "TMPDIR"); got != (c.root == "") {
			t.Errorf("TMPDIR=%s, root %q: %v, advice %q", c.temp, c.root, err, hint(err))
		}
	}
	t.Setenv("TMPDIR", dir)
	for err, want := range map[error]bool{
		&fs.PathError{Op: "mkdir", Path: dir, Err: syscall.EACCES}: true,
		&fs.PathError{Op: "mkdir", Path: dir, Err: syscall.EROFS}:  true,
		&fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOSPC}: true,
		&fs.PathError{Op: "mkdir", Path: dir, Err: syscall.EIO}:    false,
	} {
		if got := hint(TempHint(err, dir)) != ""; got != want {
			t.Errorf("%v: advice %v, want %v", err, got, want)
		}
	}
}
