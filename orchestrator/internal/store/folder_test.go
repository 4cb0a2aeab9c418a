package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// Runs that begin in the same second have folders of their own; of those that
// name the same one, one gets it.
func TestClaim(t *testing.T) {
	for _, named := range []bool{false, true} {
		parent := filepath.Join(t.TempDir(), "results")
		out := ""
		if named {
			out = filepath.Join(parent, "mine")
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		got := map[string]int{}
		for range 20 {
			all.Go(func() {
				r, err := Create(out, parent, noon)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					got[r.Dir]++
				case !named || !strings.Contains(err.Error(), "another run"):
					t.Error(err)
				}
			})
		}
		all.Wait()
		want := 20
		if named {
			want = 1
		}
		if len(got) != want {
			t.Errorf("named %v: claimed %v; want %d folders", named, got, want)
		}
		for dir, n := range got {
			if n != 1 {
				t.Errorf("%d runs have %s", n, dir)
			}
		}
	}
}

// Whoever looks at a folder does not keep a run from it.
func TestClaimBeside(t *testing.T) {
	for range 20 {
		dir := filepath.Join(t.TempDir(), "out")
		stop := make(chan struct{})
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						alive(filepath.Join(dir, streamFile))
						_, _ = Load(dir)
					}
				}
			})
		}
		f, err := Create(dir, "", noon)
		if err != nil {
			t.Fatal(err)
		}
		save(t, f)
		if err := f.Leave(); err != nil {
			t.Error(err)
		}
		f, _, err = Reopen(dir)
		if err != nil {
			t.Fatal(err)
		}
		close(stop)
		all.Wait()
		if err := f.Leave(); err != nil {
			t.Error(err)
		}
	}
}

// A folder that was given back takes nothing more, and says so.
func TestAfterConclude(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	f, err := Create(dir, "", noon)
	if err != nil {
		t.Fatal(err)
	}
	save(t, f)
	write := func(w io.Writer) error { _, err := io.WriteString(w, "{}"); return err }
	if err := f.Conclude(true, write); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Leave(), f.Release(), f.Leave()); err != nil {
		t.Error(err)
	}
	f.Put(note(0, 1))
	if err := f.Sync(); err == nil {
		t.Error("what was put behind the end is said to be safe")
	}
	if _, err := f.Experiment(); err == nil {
		t.Error("an experiment is read from a file that is closed")
	}
	for _, name := range []string{streamFile, ExperimentFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// Where the fold cannot be written, the stream stays, and the run can go on.
func TestConcludeFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	f, err := Create(dir, "", noon)
	if err != nil {
		t.Fatal(err)
	}
	save(t, f)
	full := errors.New("full")
	if err := f.Conclude(false, func(io.Writer) error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != streamFile {
		t.Errorf("%v, %v", left, err)
	}
	f, _, err = Reopen(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Leave(); err != nil {
		t.Error(err)
	}
}

// save puts a record into a folder.
func save(t *testing.T, f *Folder) {
	t.Helper()
	f.Put(Record{What: Header{Schema: Schema, RunID: "x"}})
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}

// What a run does not get, it does not touch, and what it gives back is what it
// made.
func TestRelease(t *testing.T) {
	claim := func(t *testing.T, dir string) *Folder {
		t.Helper()
		r, err := Create(dir, "", noon)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	there := func(t *testing.T, path string, want bool) {
		t.Helper()
		if _, err := os.Lstat(path); (err == nil) != want {
			t.Errorf("%s: %v; want it there: %v", path, err, want)
		}
	}
	dir := func(t *testing.T) string { return filepath.Join(t.TempDir(), "out") }

	t.Run("nothing measured", func(t *testing.T) {
		dir := dir(t)
		r := claim(t, dir)
		if err := r.Release(); err != nil {
			t.Fatal(err)
		}
		there(t, dir, false)
		claim(t, dir) // it is free again
	})
	t.Run("nothing measured, saved all the same", func(t *testing.T) {
		dir := dir(t)
		r := claim(t, dir)
		save(t, r)
		if err := r.Release(); err != nil {
			t.Fatal(err)
		}
		there(t, dir, false)
	})
	t.Run("a folder that was there", func(t *testing.T) {
		dir := t.TempDir()
		if err := claim(t, dir).Release(); err != nil {
			t.Fatal(err)
		}
		there(t, dir, true)
		there(t, filepath.Join(dir, streamFile), false)
	})
	t.Run("somebody's file beside it", func(t *testing.T) {
		dir := dir(t)
		r := claim(t, dir)
		notes := filepath.Join(dir, "notes")
		if err := os.WriteFile(notes, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := r.Release(); err != nil {
			t.Fatal(err)
		}
		there(t, notes, true)
		there(t, filepath.Join(dir, streamFile), false)
	})
	t.Run("somebody's file in its place", func(t *testing.T) {
		dir := dir(t)
		r := claim(t, dir)
		if err := os.Rename(r.path(streamFile), r.path(streamFile)+".old"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.path(streamFile), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := r.Release(); err != nil {
			t.Fatal(err)
		}
		there(t, r.path(streamFile), true)
	})
	t.Run("a claim that another run has", func(t *testing.T) {
		dir := dir(t)
		r := claim(t, dir)
		if _, err := Create(dir, "", noon); err == nil || !strings.Contains(err.Error(), "another run, which has saved nothing yet") {
			t.Errorf("second claim: %v", err)
		}
		there(t, r.path(streamFile), true)
		save(t, r)
		refused := func(want, advice string) {
			t.Helper()
			_, err := Create(dir, "", noon)
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(hint.Of(err), advice) {
				t.Errorf("%v, hint %q; want %q, %q", err, hint.Of(err), want, advice)
			}
		}
		refused("another run, which is under way", "--out")
		if err := r.Leave(); err != nil {
			t.Fatal(err)
		}
		refused("holds a run that was interrupted", "--resume "+dir)
		there(t, r.path(streamFile), true)
	})
	for what, put := range map[string]func(dir string) error{
		"a file":        func(dir string) error { return os.WriteFile(dir, nil, 0o644) },
		"a broken link": func(dir string) error { return os.Symlink("nowhere", dir) },
	} {
		t.Run(what+" of that name", func(t *testing.T) {
			dir := dir(t)
			if err := put(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := Create(dir, "", noon); err == nil {
				t.Error("claimed")
			}
			there(t, dir, true)
		})
	}
}

// Blank tells a run that recorded nothing from one whose records cannot be
// folded: only the folder of the first may go.
func TestBlank(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	f, err := Create(dir, "", noon)
	if err != nil {
		t.Fatal(err)
	}
	f.Put(Record{What: Note{Text: "passing"}})
	if !f.Blank() {
		t.Error("not blank, though nothing that is kept was recorded")
	}
	f.Put(Record{What: End{At: noon}})
	if f.Blank() {
		t.Error("blank, though something was recorded")
	}
	if exp, err := f.Experiment(); err == nil {
		t.Errorf("records without a header make %+v", exp)
	}
	if err := f.Leave(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, streamFile)); err != nil || len(text) == 0 {
		t.Errorf("the records are gone: %v", err)
	}
}
