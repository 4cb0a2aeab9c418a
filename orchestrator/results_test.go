package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
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
				r, err := claimResults(out, parent, noon)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					got[r.dir]++
				case !named || !strings.Contains(err.Error(), "another run's"):
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

// What a run does not get, it does not touch, and what it gives back is what it
// made.
func TestRelease(t *testing.T) {
	claim := func(t *testing.T, dir string) *results {
		t.Helper()
		r, err := claimResults(dir, "", noon)
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
		if err := r.release(); err != nil {
			t.Fatal(err)
		}
		there(t, dir, false)
		claim(t, dir) // it is free again
	})
	t.Run("nothing measured, saved all the same", func(t *testing.T) {
		dir := dir(t)
		r := claim(t, dir)
		if err := r.save(&bench.Experiment{}); err != nil {
			t.Fatal(err)
		}
		if err := r.release(); err != nil {
			t.Fatal(err)
		}
		there(t, dir, false)
	})
	t.Run("a folder that was there", func(t *testing.T) {
		dir := t.TempDir()
		if err := claim(t, dir).release(); err != nil {
			t.Fatal(err)
		}
		there(t, dir, true)
		there(t, filepath.Join(dir, experimentFile), false)
	})
	t.Run("somebody's file beside it", func(t *testing.T) {
		dir := dir(t)
		r := claim(t, dir)
		notes := filepath.Join(dir, "notes")
		if err := os.WriteFile(notes, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := r.release(); err != nil {
			t.Fatal(err)
		}
		there(t, notes, true)
		there(t, filepath.Join(dir, experimentFile), false)
	})
	t.Run("somebody's file in its place", func(t *testing.T) {
		dir := dir(t)
		r := claim(t, dir)
		if err := os.Rename(r.path(), r.path()+".old"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.path(), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := r.release(); err != nil {
			t.Fatal(err)
		}
		there(t, r.path(), true)
	})
	t.Run("a claim that another run has", func(t *testing.T) {
		dir := dir(t)
		r := claim(t, dir)
		if _, err := claimResults(dir, "", noon); err == nil || !strings.Contains(err.Error(), "another run's, which has saved nothing yet") {
			t.Errorf("second claim: %v", err)
		}
		there(t, r.path(), true)
		if err := r.save(&bench.Experiment{}); err != nil {
			t.Fatal(err)
		}
		if _, err := claimResults(dir, "", noon); err == nil || !strings.Contains(err.Error(), "already holds an experiment") {
			t.Errorf("claim of one that has results: %v", err)
		}
		there(t, r.path(), true)
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
			if _, err := claimResults(dir, "", noon); err == nil {
				t.Error("claimed")
			}
			there(t, dir, true)
		})
	}
}
