package runs

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// uproot removes a folder and all in it, whatever somebody else has put there:
// locked folders, and folders in folders so deep that no path reaches the last
// and no process has as many descriptors. It needs two of them: what is deeper
// is lifted to the top before it is looked into. It follows no link.
func uproot(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		top, err := openLocked(unix.AT_FDCWD, dir)
		if err != nil {
			return err
		}
		u := uprooting{top: top, fresh: "lifted-" + rand.Text() + "-"}
		err = errors.Join(each(top, u.drop), top.Close())
		if err != nil {
			return err
		}
	}
	if err := os.Remove(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// uprooting is the emptying of one folder.
type uprooting struct {
	top    *os.File
	fresh  string // how the names of what is lifted begin
	lifted int
}

// drop removes what is in the top folder under a name.
func (u *uprooting) drop(name string) error {
	if done, err := u.remove(u.top, name); done {
		return err
	}
	dir, err := openLocked(int(u.top.Fd()), name)
	if err != nil {
		return err
	}
	err = each(dir, func(inner string) error { return u.lift(dir, inner) })
	if err := errors.Join(err, dir.Close()); err != nil {
		return err
	}
	return pathError("rmdir", name, unix.Unlinkat(int(u.top.Fd()), name, unix.AT_REMOVEDIR))
}

// lift removes what is in a folder of the top's, or moves it to the top.
func (u *uprooting) lift(dir *os.File, name string) error {
	if done, err := u.remove(dir, name); done {
		return err
	}
	// A folder is moved by those alone who may write to it: its .. changes.
	unlock(int(dir.Fd()), name)
	u.lifted++
	return pathError("rename", name, unix.Renameat(int(dir.Fd()), name, int(u.top.Fd()), u.fresh+strconv.Itoa(u.lifted)))
}

// remove removes a file, a link or an empty folder. It is not done where a
// folder is not empty.
func (u *uprooting) remove(dir *os.File, name string) (done bool, err error) {
	err = unix.Unlinkat(int(dir.Fd()), name, 0)
	if err == nil || errors.Is(err, unix.ENOENT) {
		return true, nil
	}
	var stat unix.Stat_t
	if statErr := unix.Fstatat(int(dir.Fd()), name, &stat, unix.AT_SYMLINK_NOFOLLOW); statErr != nil || stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		return true, pathError("unlink", name, err)
	}
	return unix.Unlinkat(int(dir.Fd()), name, unix.AT_REMOVEDIR) == nil, nil
}

// openLocked opens a folder that its owner may have locked.
func openLocked(at int, name string) (*os.File, error) {
	unlock(at, name)
	fd, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// unlock lets the owner into a folder. Where that fails, what is done with it
// next tells.
func unlock(at int, name string) { _ = unix.Fchmodat(at, name, 0o700, 0) }

// each calls f with every name in a folder until there is none, or f can do
// nothing about any of the next ones.
func each(dir *os.File, f func(name string) error) error {
	for {
		if _, err := dir.Seek(0, io.SeekStart); err != nil {
			return err
		}
		names, err := dir.Readdirnames(1000)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var failed error
		done := 0
		for _, name := range names {
			if err := f(name); err == nil || errors.Is(err, fs.ErrNotExist) { // somebody else was faster
				done++
			} else if failed == nil {
				failed = err
			}
		}
		if done == 0 {
			return failed
		}
	}
}

func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}
