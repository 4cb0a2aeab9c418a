package enginetest

import (
	"os"
	"testing"
)

// ShortDir is a folder for a test whose name leaves room for a socket's,
// whatever TMPDIR says.
func ShortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "lab-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
