// Package meter reads what the kernel knows about the memory and CPU of
// processes: /proc and the cgroup files, and nothing else.
//
// Every file has its own Go file, named after it, with a function that reads
// and one that parses. Parsed fields keep the kernel's names; their unit is
// bytes or a time.Duration, whatever the kernel prints. A Recorder puts them
// together: the series of samples of one container, and the exact readings at
// the edges of its phases.
package meter

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// FS is the directory under which proc and sys are found, so that captured
// files can stand in for the running kernel.
type FS string

// Host is the machine that we run on.
const Host FS = "/"

// ErrEnded is matched by errors about a process that has ended, or whose number
// another one has now.
var ErrEnded = errors.New("process has ended")

// DeniedError is a file that the kernel does not let us use. It matches
// os.ErrPermission.
type DeniedError struct {
	Path string
	Err  error
}

func (e *DeniedError) Error() string { return e.Path + ": " + e.Err.Error() }

func (e *DeniedError) Unwrap() error { return e.Err }

// parseError is text that is not as the kernel writes it.
type parseError struct {
	line int // from 1
	what string
}

func (e *parseError) Error() string { return "line " + strconv.Itoa(e.line) + ": " + e.what }

// path gives the name of a file below the root.
func (fs FS) path(name string) string {
	if fs == "" {
		fs = Host
	}
	return filepath.Join(string(fs), name)
}

// read gives the content of a file below the root.
func (fs FS) read(name string) ([]byte, error) {
	b, err := os.ReadFile(fs.path(name))
	return b, explain(name, err)
}

// ofPID gives the name of a process's file.
func ofPID(pid int, file string) string { return "proc/" + strconv.Itoa(pid) + "/" + file }

// explain sorts the errors that a caller can act on. A process's files vanish
// with it (ENOENT), or stay open and say that it is gone (ESRCH); so do those of
// a control group (ENODEV).
func explain(name string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err // it would name the file a second time
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ESRCH), errors.Is(err, syscall.ENODEV), errors.Is(err, os.ErrNotExist) && isProcess(name):
		return fmt.Errorf("%s: %w", name, ErrEnded)
	case errors.Is(err, os.ErrPermission):
		return &DeniedError{Path: name, Err: err}
	default:
		return fmt.Errorf("%s: %w", name, err)
	}
}

// isProcess says whether a name is that of a process's file.
func isProcess(name string) bool {
	const proc = "proc/"
	return len(name) > len(proc) && name[:len(proc)] == proc && name[len(proc)] >= '1' && name[len(proc)] <= '9'
}

// parse reads a file and has it parsed; errors name the file.
func parse[T any](fs FS, name string, parser func([]byte) (T, error)) (T, error) {
	b, err := fs.read(name)
	if err != nil {
		var none T
		return none, err
	}
	v, err := parser(b)
	if err != nil {
		return v, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// cutField gives the first word of b and what comes after it.
func cutField(b []byte) (word, rest []byte) {
	b = bytes.TrimLeft(b, " \t\n")
	if i := bytes.IndexAny(b, " \t\n"); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}

// cutLine gives the first line of b, without its end, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	if before, after, ok := bytes.Cut(b, []byte{'\n'}); ok {
		return before, after
	}
	return b, nil
}

// cutKey splits "Key:   value".
func cutKey(line []byte) (key, value []byte) {
	before, after, ok := bytes.Cut(line, []byte{':'})
	if !ok {
		return nil, nil
	}
	return bytes.TrimSpace(before), bytes.TrimSpace(after)
}
