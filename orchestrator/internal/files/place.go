package files

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// nonblock keeps an open from waiting for a pipe's other end, and from taking a
// terminal over.
const nonblock = syscall.O_NONBLOCK | syscall.O_NOCTTY

// place is where a name leads.
type place struct {
	path   string      // with no symbolic link as its last part
	info   fs.FileInfo // nil: nothing is there yet
	direct *os.File    // what to write to as it is; nil: a regular file, or none
}

// find follows a name to where it is to be written. The caller closes direct.
func find(name string) (place, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		path, _, err := follow(name)
		return place{path: path}, err
	case err != nil:
		return place{}, err
	case info.IsDir():
		return place{}, syscall.EISDIR
	}
	// An open file has a position, which a second open of its name would not
	// share: what either writes would lie over what the other wrote.
	for _, stream := range []*os.File{os.Stdout, os.Stderr} {
		if opened, err := stream.Stat(); err == nil && os.SameFile(opened, info) {
			return duplicate(int(stream.Fd()), name)
		}
	}
	if !info.Mode().IsRegular() {
		return special(name, info.Mode())
	}
	path, fd, err := follow(name)
	if fd >= 0 && err == nil {
		return duplicate(fd, name)
	}
	return place{path: path, info: info}, err
}

// special opens what is no regular file for writing.
func special(name string, mode fs.FileMode) (place, error) {
	file, err := os.OpenFile(name, os.O_WRONLY|nonblock, 0)
	switch {
	case errors.Is(err, syscall.ENXIO) && mode&fs.ModeNamedPipe != 0:
		err = hint.With(errors.New("nothing reads from this pipe (FIFO)"), "start its reader first")
	case errors.Is(err, syscall.ENXIO):
		err = notRegular(mode)
	}
	return place{direct: file}, err
}

// duplicate gives a descriptor of the process once more: it shares the position.
func duplicate(fd int, name string) (place, error) {
	again, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return place{}, err
	}
	return place{direct: os.NewFile(uintptr(again), name)}, nil
}

// mostLinks is where the kernel gives up, too.
const mostLinks = 40

// follow resolves the symbolic links at the end of a path, also if the last one
// leads to nothing. A link in /proc to a descriptor of this process gives that
// descriptor, otherwise fd is -1.
func follow(name string) (path string, fd int, err error) {
	for range mostLinks {
		dir, base := filepath.Split(name)
		if base == "" {
			return "", -1, syscall.ENOENT
		}
		// Not cleaned: what stands before a .. may be a link.
		if dir, err = filepath.EvalSymlinks(cmp.Or(dir, ".")); err != nil {
			return "", -1, err
		}
		path = filepath.Join(dir, base)
		to, err := os.Readlink(path)
		if err != nil {
			return path, -1, nil // no link
		}
		if number, ok := strings.CutPrefix(path, "/proc/"+strconv.Itoa(os.Getpid())+"/fd/"); ok {
			fd, err := strconv.Atoi(number)
			return path, fd, err
		}
		if name = to; !filepath.IsAbs(to) {
			name = dir + "/" + to
		}
	}
	return "", -1, syscall.ELOOP
}

// replaceable says whether another file can take the place: it has no other name.
func (at place) replaceable() bool {
	stat, ok := at.info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink == 1
}

// takeOver gives the file fresh the owner, attributes and mode of the one at a
// place. An error means that it has not all of them.
func takeOver(at place, fresh string) error {
	if filepath.Dir(fresh) != filepath.Dir(at.path) {
		return errors.New("it is in another folder")
	}
	stat, ok := at.info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.ErrUnsupported
	}
	file, err := os.OpenFile(fresh, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Chown(int(stat.Uid), int(stat.Gid)); err != nil {
		return err
	}
	if err := copyAttributes(at.path, int(file.Fd())); err != nil {
		return err
	}
	// Last: a change of owner takes bits away. The mode as the kernel has it.
	if err := unix.Fchmod(int(file.Fd()), stat.Mode&0o7777); err != nil {
		return err
	}
	return file.Sync()
}

// copyAttributes copies extended attributes, access lists among them.
func copyAttributes(from string, to int) error {
	names := make([]byte, 64<<10) // the most that the kernel gives
	n, err := unix.Llistxattr(from, names)
	if errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names[:n]), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value := make([]byte, 64<<10)
		n, err := unix.Lgetxattr(from, name, value)
		if err != nil {
			return err
		}
		if err := unix.Fsetxattr(to, name, value[:n], 0); err != nil {
			return err
		}
	}
	return nil
}

// CheckWrite gives the error that Write would end with, as far as can be seen
// before: it writes nothing.
func CheckWrite(name string) error {
	fail := func(err error) error { return &fs.PathError{Op: "write", Path: name, Err: err} }
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return fail(syscall.EISDIR)
	case err == nil && info.Mode()&fs.ModeSocket != 0:
		return fail(notRegular(info.Mode()))
	case err == nil && unix.Access(name, unix.W_OK) == nil:
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fail(errors.Unwrap(err))
	}
	path, _, err := follow(name)
	if err == nil {
		err = unix.Access(filepath.Dir(path), unix.W_OK)
	}
	if err != nil {
		if inner, ok := errors.AsType[*fs.PathError](err); ok {
			err = inner.Err
		}
		return fail(err)
	}
	return nil
}
