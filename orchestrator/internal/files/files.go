// Package files reads and writes the files that people name: whole, within
// bounds, and so that nothing of theirs is lost. What is named may be anything,
// a pipe that nobody writes to or a device without an end, and what is written
// over may belong to somebody else.
package files

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// kind names what is no regular file.
func kind(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe (FIFO)"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}

// notRegular is the error for what cannot be read as a file. A folder has the
// system's own words.
func notRegular(mode fs.FileMode) error {
	if mode.IsDir() {
		return syscall.EISDIR
	}
	return hint.With(errors.New("is "+kind(mode)+", not a regular file"), "save what it gives to a file, and name that")
}

func tooLarge(limit int64) error {
	return hint.With(errors.New("is larger than "+size(limit)), "name a smaller file, if this is the right one")
}

// size writes a limit, which is a round number.
func size(n int64) string {
	for _, u := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.bytes && n%u.bytes == 0 {
			return fmt.Sprintf("%d %s", n/u.bytes, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
