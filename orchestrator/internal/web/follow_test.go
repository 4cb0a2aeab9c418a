package web

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// follow has a site follow a folder. over gives what it ended with, if it has.
func (p *place) follow(dir string) (over func() (bool, error)) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	var mu sync.Mutex
	var done sync.WaitGroup
	ended, failed := false, error(nil)
	done.Go(func() {
		err := p.Follow(ctx, dir)
		mu.Lock()
		defer mu.Unlock()
		ended, failed = true, err
	})
	p.t.Cleanup(func() {
		cancel()
		done.Wait()
	})
	return func() (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		return ended, failed
	}
}

// settle waits until what was written has been read.
func settle() {
	time.Sleep(2 * time.Second)
	synctest.Wait()
}

// begun makes a folder in which a run is under way.
func begun(t *testing.T) *store.Folder {
	t.Helper()
	f, err := store.Create(filepath.Join(t.TempDir(), "out"), "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A run of another process shows as one of our own does, but for what no file
// keeps: how far a batch is.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := begun(t)
		p := open(t)
		over := p.follow(f.Dir)
		settle()
		shows(t, p.get("/"), "Waiting for the engine")
		start := time.Now()
		for _, r := range some()[:4] {
			f.Put(r)
		}
		f.Put(store.Record{Of: libc1, What: bench.Phase{Kind: bench.PhaseBatch, Batch: 1, Start: time.Second}})
		f.Put(store.Record{Of: libc1, What: store.Progress{Done: 5}})
		w := p.watch()
		settle()
		e := w.newest(t)
		passed := clock(time.Since(start) - time.Second)
		if e.Values["0.requests"] != "100 requests" || e.Values["0.share"] != "" || e.Values["0.phase"] != "batch 1 of 2" || e.Values["0.passed"] != passed {
			t.Errorf("%+v; want %s passed", e.Values, passed)
		}
		for _, r := range some()[4:] {
			f.Put(r)
		}
		f.Put(store.Record{What: store.End{At: time.Now()}})
		settle()
		shows(t, p.get("/"), "its result is being saved")
		conclude(t, f, false)
		if e := w.newest(t); e.Kind != "over" {
			t.Errorf("%+v", e)
		}
		if p.get("/") != finished(t, f.Dir) {
			t.Error("it is not the saved page")
		}
		if ended, err := over(); !ended || err != nil {
			t.Errorf("it is followed still, or %v", err)
		}
	})
}

// A run that was killed is an interrupted one, until it goes on.
func TestFollowKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := begun(t)
		for _, r := range some()[:5] {
			f.Put(r)
		}
		p := open(t)
		over := p.follow(f.Dir)
		settle()
		shows(t, p.get("/"), "Measuring")
		if err := f.Leave(); err != nil { // as the end of the process does
			t.Fatal(err)
		}
		settle()
		if got := p.get("/"); got != finished(t, f.Dir) {
			t.Errorf("it is not what report makes of it: %s", got)
		}
		if exp, err := store.Load(f.Dir); err != nil || !exp.Interrupted {
			t.Errorf("it is not interrupted: %v", err)
		}
		if ended, err := over(); ended {
			t.Errorf("nobody waits for it to go on: %v", err)
		}

		again, _, err := store.Reopen(f.Dir)
		if err != nil {
			t.Fatal(err)
		}
		settle()
		shows(t, p.get("/"), "!Measuring")
		if err := again.GoOn(); err != nil {
			t.Fatal(err)
		}
		again.Put(store.Record{What: store.Resumed{At: time.Now()}})
		for _, r := range some() {
			again.Put(r)
		}
		settle()
		shows(t, p.get("/"), "Measuring")
		again.Put(store.Record{What: store.End{At: time.Now()}})
		conclude(t, again, false)
		settle()
		if p.get("/") != finished(t, f.Dir) || !p.Over() {
			t.Error("it is not the saved page")
		}
	})
}

// A saved run that was interrupted shows at once, stays while it is looked at once
// more, and may go on.
func TestFollowSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := saved(t, true, some()[:5]...)
		p := open(t)
		if err := p.Saved(dir); err != nil || p.Over() {
			t.Fatalf("over, or %v", err)
		}
		before := p.saved()
		p.follow(dir)
		settle()
		if now := p.saved(); len(now) == 0 || &now[0] != &before[0] {
			t.Error("it is loaded twice")
		}
		f, _, err := store.Reopen(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.GoOn(); err != nil {
			t.Fatal(err)
		}
		for _, r := range append([]store.Record{{What: store.Resumed{At: time.Now()}}}, some()...) {
			f.Put(r)
		}
		settle()
		shows(t, p.get("/"), "Measuring")
		if err := f.Leave(); err != nil {
			t.Fatal(err)
		}
		settle()
		if p.get("/") != finished(t, dir) {
			t.Error("it is not what report makes of it")
		}
	})
}

// A long stream is packed when its run is over.
func TestFollowPacked(t *testing.T) {
	needs.Patience(t, "writes and packs 24 MiB")
	synctest.Test(t, func(t *testing.T) {
		f := begun(t)
		p := open(t)
		over := p.follow(f.Dir)
		for _, r := range some() {
			f.Put(r)
		}
		long := bench.Warning{Code: "odd", Text: string(bytes.Repeat([]byte("x"), 8<<20))}
		for range 3 {
			f.Put(store.Record{Of: libc1, What: long})
			if err := f.Sync(); err != nil {
				t.Fatal(err)
			}
		}
		f.Put(store.Record{What: store.End{At: time.Now()}})
		conclude(t, f, false)
		if _, err := os.Stat(filepath.Join(f.Dir, "records.jsonl.gz")); err != nil {
			t.Fatal(err)
		}
		settle()
		if ended, err := over(); !ended || err != nil || p.get("/") != finished(t, f.Dir) {
			t.Errorf("it is not the saved page: %v", err)
		}
	})
}

// A run that ends before it has measured anything leaves nothing to show.
func TestFollowNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := begun(t)
		p := open(t)
		over := p.follow(f.Dir)
		settle()
		if err := f.Release(); err != nil {
			t.Fatal(err)
		}
		settle()
		if ended, err := over(); !ended || err == nil {
			t.Errorf("there is something: %v", err)
		}
		shows(t, p.get("/now"), "The run has ended without a result", "there is no ")
	})
}

// A run that goes on has its earlier rounds on the page, too.
func TestEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := saved(t, true, some()[:5]...)
		p := open(t)
		if err := p.Earlier(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		if exp, err := p.folding.SoFar(); err != nil || len(exp.Trials) != 1 {
			t.Errorf("%+v, %v", exp, err)
		}
		// Until it goes on it is in no round, and not over either.
		if now := p.get("/now"); strings.Contains(now, "Round ") || strings.Contains(now, "is over") {
			t.Errorf("it shows the round in which it stopped:\n%s", now)
		}
		p.put(store.Of{}, store.Resumed{At: time.Now()}, header(1), store.Round{Number: 1})
		shows(t, p.get("/now"), "Measuring")
		if err := p.Earlier(t.Context(), t.TempDir()); err == nil {
			t.Error("there is nothing, and no error")
		}
	})
}
