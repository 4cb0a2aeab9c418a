package runs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// TempHint adds advice to the failure to make or find something in root, where
// that is the system's folder for temporary files and the failure is the
// folder's.
func TempHint(err error, root string) error {
	temp, absErr := filepath.Abs(os.TempDir())
	if absErr != nil || root != temp {
		return err
	}
	about := func(cause error) bool { return errors.Is(err, cause) }
	if slices.ContainsFunc([]error{fs.ErrNotExist, fs.ErrPermission, syscall.ENOTDIR, syscall.EROFS, syscall.ENOSPC}, about) {
		return &hint.Error{Err: err, Advice: "set TMPDIR to a folder that exists, is writable and has room"}
	}
	return err
}
