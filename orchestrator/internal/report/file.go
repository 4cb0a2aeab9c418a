package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// hinted is an error with advice for the person at the terminal.
type hinted struct {
	err    error
	advice string
}

func (e *hinted) Error() string { return e.err.Error() }
func (e *hinted) Unwrap() error { return e.err }

// Hint gives the advice.
func (e *hinted) Hint() string { return e.advice }

// WriteFile writes a file as a whole or not at all: write fills a temporary
// file in the same folder, which then takes the file's name. A file that is
// there keeps its permissions, and a symbolic link keeps pointing at its target,
// which is what is replaced. A new file gets 0644 less the umask. The folder has
// to exist.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	target, mode, err := resolve(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	name := filepath.Join(filepath.Dir(target), fmt.Sprintf(".%s.%016x.tmp", filepath.Base(target), rand.Uint64()))
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", path, err), ignoreMissing(os.Remove(name)))
		}
	}()
	if err := fill(file, mode, write); err != nil {
		return err
	}
	return os.Rename(name, target)
}

// fill writes, syncs and closes a fresh file. A mode of 0 leaves its
// permissions as they are.
func fill(file *os.File, mode fs.FileMode, write func(io.Writer) error) (err error) {
	defer func() { err = errors.Join(err, file.Close()) }()
	if mode != 0 {
		if err := file.Chmod(mode); err != nil {
			return err
		}
	}
	buffered := bufio.NewWriter(file)
	if err := write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	// Without it a crash soon after could leave an empty file under the name.
	return file.Sync()
}

// resolve follows symbolic links and gives the target's permissions, 0 for a
// file that is not there yet.
func resolve(path string) (target string, mode fs.FileMode, err error) {
	target, err = filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return "", 0, errors.New("the symbolic link points at nothing")
		}
		return path, 0, nil
	}
	if err != nil {
		return "", 0, err
	}
	info, err := os.Stat(target)
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() {
		return "", 0, errors.New("not a regular file")
	}
	return target, info.Mode().Perm(), nil
}

// ignoreMissing drops the error that says that a file is not there.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
