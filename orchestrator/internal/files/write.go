package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// Write writes a file as a whole or not at all: write fills a temporary file in
// the same folder, which then takes the file's name. A new file gets 0644 less
// the umask; its folder has to exist.
//
// A file that is there keeps what its owner gave it: owner, mode, access lists
// and other attributes, and all its names. A symbolic link is followed, also to
// where nothing is yet. Where a temporary file cannot take all that over, for
// there are hard links, or the file is somebody else's, or mounted, the old file
// itself is written, with a copy beside it until that has succeeded.
//
// What is no regular file, such as a pipe or a terminal, is written to directly,
// and so is what the process has open under that name, such as /dev/stdout.
func Write(name string, write func(io.Writer) error) error {
	err := put(name, write)
	switch inner := err.(type) {
	case nil:
		return nil
	case *fs.PathError: // of a file that nobody has heard of
		err = inner.Err
	case *os.LinkError:
		err = inner.Err
	}
	return fmt.Errorf("write %s: %w", name, err)
}

func put(name string, write func(io.Writer) error) error {
	at, err := find(name)
	switch {
	case err != nil:
		return err
	case at.direct != nil:
		return errors.Join(fill(at.direct, write), at.direct.Close())
	}
	fresh, err := spool(at, write)
	if err != nil {
		return err
	}
	defer os.Remove(fresh) // nothing is there once it has its place
	if at.info == nil {
		return os.Rename(fresh, at.path)
	}
	if at.replaceable() && takeOver(at, fresh) == nil {
		err := os.Rename(fresh, at.path)
		if err == nil {
			return nil
		}
		// A file that is mounted by itself can be written and not replaced.
	}
	return overwrite(at, fresh)
}

// spool writes a temporary file and gives its name. It lies beside the place
// where that is possible: only there can it be renamed.
func spool(at place, write func(io.Writer) error) (string, error) {
	mode := fs.FileMode(0o600) // until it has the old one's
	if at.info == nil {
		mode = 0o644
	}
	file, err := create(filepath.Dir(at.path), filepath.Base(at.path), mode)
	if err != nil && at.info != nil {
		file, err = create(os.TempDir(), filepath.Base(at.path), mode)
	}
	if err != nil {
		return "", err
	}
	err = fill(file, write)
	if err == nil {
		err = file.Sync() // or a crash soon after could leave an empty file
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// create makes a file that nobody else has. What it is called says whose
// leftover it is, should it become one.
func create(dir, base string, mode fs.FileMode) (*os.File, error) {
	const longest = 200 // bytes, of the 255 that a name may have
	base = base[:min(len(base), longest)]
	return os.OpenFile(filepath.Join(dir, fmt.Sprintf(".%s.%016x.tmp", base, rand.Uint64())), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
}

func fill(file *os.File, write func(io.Writer) error) error {
	buffered := bufio.NewWriter(file)
	if err := write(buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

// overwrite puts the text of the file fresh into the file at a place. The old
// text is kept beside fresh meanwhile, and put back if that fails.
func overwrite(at place, fresh string) error {
	// Not by its path, which may have changed since.
	old, err := os.OpenFile(at.path, os.O_RDWR|nonblock, 0)
	if err != nil {
		return err
	}
	defer old.Close()
	if info, err := old.Stat(); err != nil || !os.SameFile(info, at.info) {
		return errors.Join(errors.New("it was replaced in the meantime"), err)
	}
	backup, err := create(filepath.Dir(fresh), filepath.Base(at.path), 0o600)
	if err != nil {
		return err
	}
	defer backup.Close()
	if _, err = io.Copy(backup, old); err == nil {
		err = backup.Sync()
	}
	if err != nil {
		return errors.Join(err, os.Remove(backup.Name()))
	}
	text, err := os.Open(fresh)
	if err != nil {
		return errors.Join(err, os.Remove(backup.Name()))
	}
	defer text.Close()
	if err := replaceText(old, text); err != nil {
		if back := replaceText(old, backup); back != nil {
			return hint.With(fmt.Errorf("%v, and its old text could not be put back: %v", err, back), "the old text is in "+backup.Name())
		}
		return errors.Join(err, os.Remove(backup.Name()))
	}
	return os.Remove(backup.Name())
}

// replaceText gives a file the text of another, from its start.
func replaceText(file, text *os.File) error {
	if _, err := text.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	n, err := io.Copy(file, text)
	if err == nil {
		err = file.Truncate(n)
	}
	if err == nil {
		err = file.Sync()
	}
	return err
}
