package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// followed is what somebody has read who follows a folder.
type followed struct {
	mu      sync.Mutex
	records []Record
	wrong   []error
	ends    []bool // what was told at the end
	over    bool
}

// follow follows a folder until stop, or until it ends alone. Only of a run that
// is under way it waits for more, unless patient.
func follow(t *testing.T, dir string, patient bool) (f *followed, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f = &followed{}
	var done sync.WaitGroup
	done.Go(func() {
		for r, err := range Follow(ctx, dir, f.atEnd(patient)) {
			f.mu.Lock()
			if err == nil {
				f.records = append(f.records, r)
			} else {
				f.wrong = append(f.wrong, err)
			}
			f.mu.Unlock()
		}
		f.mu.Lock()
		f.over = true
		f.mu.Unlock()
	})
	return f, func() {
		cancel()
		done.Wait()
	}
}

func (f *followed) atEnd(patient bool) func(bool) bool {
	return func(alive bool) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.ends = append(f.ends, alive)
		return alive || patient
	}
}

// check waits for all looks that are due, and sees what has been read.
func (f *followed) check(t *testing.T, want []Record, ends ...bool) {
	t.Helper()
	time.Sleep(lookEvery + writeEvery)
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if diff := cmp.Diff(want, f.records); diff != "" || len(f.wrong) > 0 {
		t.Errorf("%v %s", f.wrong, diff)
	}
	// How often the end is come to depends on who looks first.
	if diff := cmp.Diff(ends, slices.Compact(slices.Clone(f.ends))); diff != "" {
		t.Error("at the end:", diff)
	}
}

// conclude ends the run of a folder.
func conclude(t *testing.T, f *Folder, interrupted bool) {
	t.Helper()
	if err := f.Conclude(interrupted, func(w io.Writer) error { _, err := io.WriteString(w, "{}"); return err }); err != nil {
		t.Fatal(err)
	}
}

// claimed is Create of what must be there to be had.
func claimed(t *testing.T) *Folder {
	t.Helper()
	f, err := Create(filepath.Join(t.TempDir(), "out"), "", noon)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A run in another process is followed from its first record to its end.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := claimed(t)
		reader, stop := follow(t, f.Dir, false)
		defer stop()
		reader.check(t, nil, true)
		all := small()
		for i, r := range all {
			f.Put(r)
			if i == 10 {
				reader.check(t, all[:11], true)
			}
		}
		if !Alive(f.Dir) {
			t.Error("nobody takes it for alive")
		}
		conclude(t, f, false)
		reader.check(t, all, true, false)
		if !reader.over || Alive(f.Dir) {
			t.Error("it goes on")
		}
		if len(reader.ends) < 3 {
			t.Errorf("%v: nobody is told that there was more", reader.ends)
		}
	})
}

// A line is read when it is whole.
func TestFollowPartial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := small()[:4]
		stream := text(t, all)
		first := bytes.IndexByte(stream, '\n') + 1
		dir := saved(t, stream[:2])
		reader, stop := follow(t, dir, true)
		defer stop()
		reader.check(t, nil, false)
		file, err := os.OpenFile(filepath.Join(dir, streamFile), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		add := func(from, to int) {
			t.Helper()
			if _, err := file.Write(stream[from:to]); err != nil {
				t.Fatal(err)
			}
		}
		add(2, first-1)
		reader.check(t, nil, false)
		add(first-1, first+5)
		reader.check(t, all[:1], false)
		add(first+5, len(stream))
		reader.check(t, all, false)
	})
}

// One that was killed within a line may go on, and what was cut is told as damage
// once it does.
func TestFollowResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := interrupted()
		stream := append(text(t, before), `{"of":"libc/2","tri`...)
		dir := saved(t, stream)
		reader, stop := follow(t, dir, true)
		defer stop()
		reader.check(t, before, false)

		f, earlier := reopened(t, dir)
		if len(earlier.Done) != 1 {
			t.Fatalf("%d rounds are done", len(earlier.Done))
		}
		reader.check(t, before, false, true)
		if err := f.GoOn(); err != nil {
			t.Fatal(err)
		}
		more := append([]Record{{What: Resumed{At: noon, After: 1}}}, small()[len(before):]...)
		for _, r := range more {
			f.Put(r)
		}
		time.Sleep(lookEvery + writeEvery)
		synctest.Wait()
		var damaged *LineError
		if len(reader.wrong) != 1 || !errors.As(reader.wrong[0], &damaged) {
			t.Errorf("%v", reader.wrong)
		}
		reader.wrong = nil
		conclude(t, f, false)
		reader.check(t, append(before, more...), false, true, false)
	})
}

// What is packed or removed at the end of its run is read to its end.
func TestFollowGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := claimed(t)
		reader, stop := follow(t, f.Dir, false)
		defer stop()
		reader.check(t, nil, true)
		all := small()[:3]
		for _, r := range all {
			f.Put(r)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		if err := f.Release(); err != nil {
			t.Fatal(err)
		}
		reader.check(t, all, true, false)
	})
	synctest.Test(t, func(t *testing.T) {
		f := claimed(t)
		reader, stop := follow(t, f.Dir, false)
		defer stop()
		reader.check(t, nil, true)
		if err := f.Release(); err != nil {
			t.Fatal(err)
		}
		reader.check(t, nil, true, false)
		if !reader.over {
			t.Error("an empty one is followed for ever")
		}
	})
	var wrong error
	for _, err := range Follow(t.Context(), t.TempDir(), nil) {
		wrong = errors.Join(wrong, err)
	}
	if !errors.Is(wrong, os.ErrNotExist) {
		t.Errorf("a folder without a stream: %v", wrong)
	}
}

// Who has read enough, or ends, waits for nothing.
func TestFollowStopped(t *testing.T) {
	dir := saved(t, text(t, small()))
	for range Follow(t.Context(), dir, func(bool) bool { return true }) {
		break
	}
	synctest.Test(t, func(t *testing.T) {
		reader, stop := follow(t, dir, true)
		reader.check(t, small(), false)
		stop()
		if !reader.over || len(reader.wrong) > 0 {
			t.Errorf("it goes on: %v", reader.wrong)
		}
	})
}
