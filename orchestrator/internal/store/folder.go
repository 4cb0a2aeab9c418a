package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// What a results folder holds.
const (
	streamFile     = "records.jsonl"    // the stream, from the first moment on
	packedFile     = "records.jsonl.gz" // in its place when the run is over, where that pays
	ExperimentFile = "experiment.json"  // the fold of it, when the run is over
)

// roomForResults is the free space without which no run is started: the records
// of three variants take a few megabytes for each ten minutes.
const roomForResults = 64 << 20

// Folder is a results folder that one run alone writes to. It holds the stream
// under a lock of the kernel's, which ends with the process, however it ends.
type Folder struct {
	Dir string
	*Writer

	made   bool // the folder, by this run
	begun  bool // the stream, by this run
	stream *os.File
}

// Create claims the folder out, or, where out is empty, a new one below parent
// that is named after the time. Of several runs that want the same one, one gets
// it. A folder that holds an experiment is a mistake: nothing is overwritten.
func Create(out, parent string, now time.Time) (*Folder, error) {
	f := &Folder{Dir: out}
	if err := f.makeFolder(parent, now); err != nil {
		return nil, hint.Mistake(fmt.Sprintf("cannot make the results folder: %v", err), "name another with --out")
	}
	err := checkFolder(f.Dir)
	if err == nil {
		err = f.claim()
	}
	if err != nil {
		return nil, errors.Join(err, f.Release())
	}
	f.Writer = NewWriter(f.stream)
	return f, nil
}

// makeFolder makes the folder, or takes one that is there and was asked for.
func (f *Folder) makeFolder(parent string, now time.Time) error {
	asked := f.Dir != ""
	plain := filepath.Join(parent, now.Format("2006-01-02T15-04-05"))
	if !asked {
		f.Dir = plain
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(f.Dir)), 0o755); err != nil {
		return err
	}
	for i := 2; ; i++ {
		err := os.Mkdir(f.Dir, 0o755)
		if err == nil {
			f.made = true
			return nil
		}
		if !errors.Is(err, os.ErrExist) || !asked && i > 999 {
			return err
		}
		if asked {
			info, err := os.Stat(f.Dir)
			if err == nil && !info.IsDir() {
				return &os.PathError{Op: "mkdir", Path: f.Dir, Err: syscall.ENOTDIR}
			}
			return err
		}
		f.Dir = plain + "-" + strconv.Itoa(i)
	}
}

func (f *Folder) path(name string) string { return filepath.Join(f.Dir, name) }

// claim makes the stream's file, which only one can.
func (f *Folder) claim() error {
	holds := func(name string) bool {
		_, err := os.Lstat(f.path(name))
		return err == nil
	}
	if holds(ExperimentFile) || holds(packedFile) {
		return hint.Mistake(f.Dir+" already holds an experiment", "name another folder with --out; results are never overwritten")
	}
	file, err := os.OpenFile(f.path(streamFile), os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, 0o644)
	switch {
	case errors.Is(err, os.ErrExist):
		return f.taken()
	case err != nil:
		return hint.Mistake(fmt.Sprintf("cannot write to the results folder: %v", err), "name another with --out")
	}
	f.stream, f.begun = file, true
	return lock(file)
}

// taken is the error of a folder whose stream is another run's.
func (f *Folder) taken() error {
	path := f.path(streamFile)
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return hint.Mistake(fmt.Sprintf("%s is in the way", path), "name another folder with --out")
	}
	if info.Size() == 0 {
		return hint.Mistake(f.Dir+" belongs to another run, which has saved nothing yet",
			"name another folder with --out; if that run is dead, remove "+path)
	}
	if alive(path) {
		return hint.Mistake(f.Dir+" belongs to another run, which is under way", "name another folder with --out")
	}
	return hint.Mistake(f.Dir+" holds a run that was interrupted",
		"go on with it: --resume "+f.Dir+"; or name another folder with --out")
}

// justNow is how long ago a run that is under way has written something at most:
// it samples many times a second. Between rounds it may be silent for longer.
const justNow = 5 * time.Second

// alive says whether a run holds the lock of a stream, or, where the file system
// knows no locks, has written to it just now.
func alive(path string) bool {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	// Shared, so that two who ask do not take each other for the run.
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if noLocks(err) {
		info, err := file.Stat()
		return err == nil && time.Since(info.ModTime()) < justNow
	}
	return errors.Is(err, syscall.EWOULDBLOCK)
}

// noLocks says that a file system has no locks, as some of networks.
func noLocks(err error) bool {
	return errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.ENOLCK)
}

// lock takes the lock that says that a run is alive. Somebody who only asks for
// it may hold it for a moment.
func lock(file *os.File) error {
	for try := 0; ; try++ {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EWOULDBLOCK) && try < 20:
			time.Sleep(10 * time.Millisecond)
		case noLocks(err):
			return nil
		default:
			return err
		}
	}
}

// Blank says that nothing has been recorded.
func (f *Folder) Blank() bool {
	if err := f.Sync(); err != nil {
		return false
	}
	info, err := f.stream.Stat()
	return err == nil && info.Size() == 0
}

// Release gives the folder back when nothing was measured: it removes what the
// run itself made, and nothing else.
func (f *Folder) Release() error {
	if f.stream != nil && f.begun {
		mine, err := f.stream.Stat()
		if err == nil {
			var now os.FileInfo
			now, err = os.Lstat(f.path(streamFile))
			if err == nil && os.SameFile(now, mine) {
				err = os.Remove(f.path(streamFile))
			}
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return errors.Join(err, f.close())
		}
	}
	if err := f.close(); err != nil || !f.made {
		return err
	}
	err := os.Remove(f.Dir)
	if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, os.ErrNotExist) {
		return nil // somebody else has put something there, or taken it away
	}
	return err
}

// close ends the writing, and gives the lock back.
func (f *Folder) close() error {
	if f.stream == nil {
		return nil
	}
	if f.Writer != nil {
		_ = f.Writer.Close() // Sync has told
	}
	err := f.stream.Close()
	f.stream = nil
	return err
}

// checkFolder sees that a folder can take results.
func checkFolder(out string) error {
	probe, err := os.CreateTemp(out, ".probe-*")
	if err != nil {
		return hint.Mistake(fmt.Sprintf("cannot write to the results folder: %v", err), "name another with --out")
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return fmt.Errorf("try the results folder: %w", err)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(out, &fs); err != nil {
		return fmt.Errorf("ask for the free space of %s: %w", out, err)
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < roomForResults {
		return hint.Mistake(fmt.Sprintf("no room for the results: %s has %d MiB free", out, free>>20), "free some space, or name another folder with --out")
	}
	return nil
}

// Experiment ends the writing, and folds the records, those that could not be
// written included.
func (f *Folder) Experiment() (*bench.Experiment, error) {
	_ = f.Writer.Close() // a failure comes from Sync again, and keeps its lines
	if _, err := f.stream.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return Fold(Read(io.MultiReader(f.stream, bytes.NewReader(f.Writer.Unsaved()))))
}

// Conclude puts the fold of the records beside them, as write writes it, and
// gives the folder back. The stream of a run that is over is compressed where
// that pays; one that was interrupted may go on. Where the records could not be
// saved, neither can their fold.
func (f *Folder) Conclude(interrupted bool, write func(io.Writer) error) error {
	err := f.Writer.Close()
	if err == nil {
		err = files.Write(f.path(ExperimentFile), write)
	}
	if err == nil && !interrupted {
		err = f.pack()
	}
	return errors.Join(err, f.close())
}

// Leave gives the folder back as it is.
func (f *Folder) Leave() error { return f.close() }
