package meter

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// openIn opens a regular file below a root that is another process's: links lead
// to where they lead for that process. A kernel before 5.6 cannot follow those
// that begin with a slash.
func openIn(root, path string) (*os.File, error) {
	path = "./" + strings.TrimLeft(path, "/")
	dir, err := os.OpenFile(root, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	var f *os.File
	fd, err := unix.Openat2(int(dir.Fd()), path, &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	switch {
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EPERM):
		f, err = openBelow(root, path)
	case err != nil:
		err = &os.PathError{Op: "open", Path: path[1:], Err: err}
	default:
		f = os.NewFile(uintptr(fd), path[1:])
	}
	if err != nil {
		return nil, err
	}
	if err := regular(f, path[1:]); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func openBelow(root, path string) (*os.File, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
}
