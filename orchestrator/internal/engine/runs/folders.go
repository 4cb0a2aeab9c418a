package runs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
)

// Folders are the folders of runs, ROOT/PREFIX*: in each the name of the run's
// owner, and a folder for each instance. ROOT may be a place where anybody can
// write, so only folders that are this user's own are ever looked into.
type Folders struct {
	Root   string
	Prefix string
	Owner  Owner // who answers for the folders that are made

	mu   sync.Mutex        // held while folders come and go
	work string            // the folder that Announce made
	keep map[string]string // by folder of a run: why Close is to mark it as kept
}

// NewFolders gives the folders below root, which SocketRoot chooses where it is
// empty, for an owner, who is this process where it is the zero Owner. Nothing
// is written yet.
func NewFolders(root, prefix string, owner Owner) (*Folders, error) {
	var err error
	if owner == (Owner{}) {
		if owner, err = Self(); err != nil {
			return nil, err
		}
	}
	if root == "" {
		root = SocketRoot(os.TempDir(), "/tmp")
	}
	if root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	return &Folders{Root: root, Prefix: prefix, Owner: owner}, nil
}

// Run is the folder of one run.
type Run struct {
	Dir string
	Belonging
}

const (
	ownerFile = "owner"     // who answers for the run
	freshFile = "owner.new" // the same while it is written
	keptFile  = "kept"      // why its instances outlive the owner
	placeFile = "place"     // the root of the owner's other folders
)

// Announce makes a folder that shows the owner at work until Close, before it
// has an instance and between two of them as well. place is the root where it
// has its other folders.
func (f *Folders) Announce(place string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.work != "" {
		return nil
	}
	dir, err := f.Temp("at-work-")
	if err != nil {
		return err
	}
	f.work = dir
	return os.WriteFile(filepath.Join(dir, placeFile), []byte(place), 0o600)
}

// Place is what Announce was told; empty: it was told nothing.
func (r Run) Place() string {
	text, err := os.ReadFile(filepath.Join(r.Dir, placeFile))
	if err != nil {
		return ""
	}
	return string(text)
}

// Temp makes a folder with the owner's name in it and a name that is free.
func (f *Folders) Temp(prefix string) (string, error) {
	dir, err := os.MkdirTemp(f.Root, f.Prefix+prefix)
	if err != nil {
		return "", err
	}
	return dir, f.sign(dir)
}

// sign writes the owner's name, once. Nobody ever reads half of it.
func (f *Folders) sign(dir string) error {
	if old, err := os.ReadFile(filepath.Join(dir, ownerFile)); err == nil && string(old) == f.Owner.String() {
		return nil
	}
	fresh := filepath.Join(dir, freshFile)
	if err := os.WriteFile(fresh, []byte(f.Owner.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, filepath.Join(dir, ownerFile))
}

// Add makes a folder for an instance, with a number to its name where an
// earlier one is still up. If keepFor is not empty, Close marks the run as kept.
func (f *Folders) Add(run, name, keepFor string) (dir string, err error) {
	defer func() { err = TempHint(err, f.Root) }()
	f.mu.Lock()
	defer f.mu.Unlock()
	run = filepath.Join(f.Root, f.Prefix+engine.SafeName(run))
	if err := os.Mkdir(run, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if !mine(run) {
		return "", fmt.Errorf("%s exists, and is not a folder of this user alone", run)
	}
	if err := f.sign(run); err != nil {
		return "", err
	}
	if keepFor != "" {
		if f.keep == nil {
			f.keep = map[string]string{}
		}
		f.keep[run] = keepFor
	}
	plain := filepath.Join(run, engine.SafeName(name))
	dir = plain
	for i := 2; ; i++ {
		err := os.Mkdir(dir, 0o700)
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrExist) || i > 99 {
			return "", err
		}
		dir = plain + "-" + strconv.Itoa(i)
	}
}

// Remove removes an instance's folder, and its run's with the last one. What
// is not a folder of this user's own is left alone.
func (f *Folders) Remove(dir string) error {
	run := filepath.Dir(dir)
	if !strings.HasPrefix(filepath.Base(run), f.Prefix) || !mine(run) {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := removeAll(dir); err != nil {
		return err
	}
	return removeIfEmpty(run)
}

// RemoveEmpty removes a run's folder if there is no instance's in it.
func (f *Folders) RemoveEmpty(r Run) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return removeIfEmpty(r.Dir)
}

func removeIfEmpty(run string) error {
	entries, err := os.ReadDir(run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range entries {
		switch d.Name() {
		case ownerFile, freshFile, keptFile, placeFile:
		default:
			return nil
		}
	}
	return os.RemoveAll(run)
}

// mostRecord bounds the length of what a run writes of itself, in bytes.
const mostRecord = 4 << 10

// Runs lists the folders of this user's runs. What has no owner's name in it is
// none; a name that cannot be read is a name.
func (f *Folders) Runs() ([]Run, error) {
	entries, err := os.ReadDir(f.Root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, TempHint(err, f.Root)
	}
	var runs []Run
	for _, d := range entries {
		dir := filepath.Join(f.Root, d.Name())
		if !strings.HasPrefix(d.Name(), f.Prefix) || !mine(dir) {
			continue
		}
		name := filepath.Join(dir, ownerFile)
		info, err := os.Lstat(name)
		if err != nil {
			continue // not a run's folder, or gone by now
		}
		text, err := files.Read(name, mostRecord)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			text = nil
		}
		runs = append(runs, Run{Dir: dir, Belonging: Belonging{Owner: string(text), Made: info.ModTime()}})
	}
	return runs, nil
}

// Spare has a run spared, unless it is the owner's own.
func (f *Folders) Spare(r Run, owners *Owners) {
	if r.Owner != f.Owner.String() {
		owners.Spare(r.Belonging)
	}
}

// Instances lists the folders in a run's.
func (r Run) Instances() ([]string, error) {
	entries, err := os.ReadDir(r.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var dirs []string
	for _, d := range entries {
		if d.IsDir() {
			dirs = append(dirs, filepath.Join(r.Dir, d.Name()))
		}
	}
	return dirs, nil
}

// Kept says that what ran from a run's folder was left on purpose. A folder
// that may not be read is another user's, and it is for that user to say.
func Kept(run string) bool {
	_, err := os.Lstat(filepath.Join(run, keptFile))
	return !errors.Is(err, fs.ErrNotExist)
}

// Close marks the runs that are to be kept and still have instances, and ends
// what Announce began. A run that dies before has kept nothing.
func (f *Folders) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var failed error
	for run, why := range f.keep {
		err := os.WriteFile(filepath.Join(run, keptFile), []byte(why), 0o600)
		if !errors.Is(err, fs.ErrNotExist) { // its instances were removed
			failed = errors.Join(failed, err)
		}
	}
	if f.work != "" {
		failed = errors.Join(failed, os.RemoveAll(f.work))
	}
	f.work, f.keep = "", nil
	return failed
}

// mine says that dir is a folder, no link to one, that only this user can
// change.
func mine(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
