package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// disk is a file that may be slow, full or broken.
type disk struct {
	mu     sync.Mutex
	text   bytes.Buffer
	room   int // bytes that fit; less than 0: any number
	short  bool
	slow   time.Duration // that writing takes
	slower time.Duration // that syncing takes
	broken error         // of syncing
	writes int
	synced int // bytes
}

func (d *disk) Write(p []byte) (int, error) {
	time.Sleep(d.slow)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes++
	if d.room >= 0 && len(p) > d.room {
		n, _ := d.text.Write(p[:d.room])
		d.room = 0
		if d.short {
			return n, nil
		}
		return n, syscall.ENOSPC
	}
	d.room -= len(p)
	return d.text.Write(p)
}

func (d *disk) Sync() error {
	time.Sleep(d.slower)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken == nil {
		d.synced = d.text.Len()
	}
	return d.broken
}

// count gives the writes so far.
func (d *disk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes
}

// note is a record that is kept, of a length.
func note(n, length int) Record {
	return Record{What: bench.Warning{Code: fmt.Sprint(n), Text: strings.Repeat("x", length)}}
}

// notes reads what note has made: they are there in order, and none is missing.
func notes(t *testing.T, from io.Reader) int {
	t.Helper()
	n := 0
	for r, err := range Read(from) {
		if err != nil {
			t.Fatalf("after %d: %v", n, err)
		}
		if got := r.What.(bench.Warning).Code; got != fmt.Sprint(n) {
			t.Fatalf("%s comes in place of %d", got, n)
		}
		n++
	}
	return n
}

// Nobody who puts a record waits for the disk, however slow it is, and all are
// there in their order.
func TestWriterSlow(t *testing.T) {
	needs.Patience(t, "waits for a slow disk")
	d := &disk{room: -1, slow: 300 * time.Millisecond, slower: time.Second}
	w := NewWriter(d)
	syncing := make(chan error, 1)
	for i := range 500 {
		begin := time.Now()
		w.Put(note(i, 1000))
		w.Put(Record{What: Note{Text: "passing"}})
		if took := time.Since(begin); took > 200*time.Millisecond {
			t.Fatalf("record %d waits for %v", i, took)
		}
		if i == 100 {
			go func() { syncing <- w.Sync() }()
		}
		time.Sleep(3 * time.Millisecond)
	}
	if err := <-syncing; err != nil {
		t.Error(err)
	}
	d.mu.Lock()
	if d.synced < 100*1000 {
		t.Errorf("%d bytes are safe", d.synced)
	}
	d.mu.Unlock()
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if n := notes(t, &d.text); n != 500 {
		t.Errorf("%d records are saved", n)
	}
}

// Without a Sync, records are on their way within a moment; many at once sooner.
func TestWriterPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: -1}
		w := NewWriter(d)
		w.Put(note(0, 10))
		synctest.Wait()
		if d.count() != 0 {
			t.Error("one record is written by itself")
		}
		time.Sleep(writeEvery)
		synctest.Wait()
		if d.count() != 1 {
			t.Errorf("%d writes", d.count())
		}
		w.Put(note(1, writeAt))
		synctest.Wait()
		if d.count() != 2 {
			t.Errorf("%d writes", d.count())
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What is in the file and what is left over are the stream, wherever the disk was
// full.
func TestWriterFull(t *testing.T) {
	var want []byte
	for i := range 20 {
		want = append(want, text(t, []Record{note(i, 30)})...)
	}
	for room := range len(want) + 1 {
		d := &disk{room: room, short: room%2 == 0}
		w := NewWriter(d)
		var failed error
		for i := range 20 {
			w.Put(note(i, 30))
			if i%3 == 0 {
				failed = w.Sync()
			}
		}
		err := w.Close()
		if (err != nil) != (room < len(want)) || failed != nil && err == nil {
			t.Fatalf("room for %d of %d bytes: %v, and at last %v", room, len(want), failed, err)
		}
		if err != nil && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, io.ErrShortWrite) {
			t.Fatal(err)
		}
		if again := w.Close(); fmt.Sprint(again) != fmt.Sprint(err) {
			t.Fatalf("closed again: %v, first %v", again, err)
		}
		if got := append(d.text.Bytes(), w.Unsaved()...); !bytes.Equal(got, want) {
			t.Fatalf("room for %d bytes: %d of %d are there", room, len(got), len(want))
		}
	}
}

// When all is full, memory is not filled as well, and what is kept has no gap.
func TestWriterBehind(t *testing.T) {
	needs.Patience(t, "fills a disk")
	d := &disk{}
	w := NewWriter(d)
	for i := range 200 {
		w.Put(note(i, 1<<20))
		if err := w.Sync(); !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	w.Put(note(200, 1<<20))
	w.Put(note(201, 1)) // small enough for what is left
	if err := w.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if n := len(w.Unsaved()); n > mostUnsaved {
		t.Errorf("%d bytes are kept", n)
	}
	if n := notes(t, bytes.NewReader(w.Unsaved())); n < 100 {
		t.Errorf("%d records are kept", n)
	}
}

// A disk that does not keep up is told, and memory is not filled meanwhile.
func TestWriterStuck(t *testing.T) {
	needs.Patience(t, "fills a disk")
	synctest.Test(t, func(t *testing.T) {
		stuck := &disk{room: -1, slow: time.Hour}
		w := NewWriter(stuck)
		for i := range 200 {
			w.Put(note(i, 1<<20))
		}
		if err := w.Close(); err == nil || !strings.Contains(err.Error(), "the disk is 64 MiB behind") {
			t.Error(err)
		}
		if n := notes(t, &stuck.text); n < 60 || n > 140 {
			t.Errorf("%d records are saved", n)
		}
	})
}

// A record that cannot be written is told, and is the only one that is lost.
func TestWriterUnwritable(t *testing.T) {
	d := &disk{room: -1}
	w := NewWriter(d)
	w.Put(note(0, 1))
	w.Put(Record{What: bench.Sample{}})
	w.Put(note(1, 1))
	for range 2 {
		if err := w.Sync(); err == nil || !strings.Contains(err.Error(), "without the trial") {
			t.Error(err)
		}
	}
	if d.synced == 0 || d.synced != d.text.Len() {
		t.Errorf("%d of %d bytes are safe", d.synced, d.text.Len())
	}
	if err := w.Close(); err == nil {
		t.Error("it was told no more")
	}
	if n := notes(t, &d.text); n != 2 {
		t.Errorf("%d records are saved", n)
	}
}

// A disk that cannot say that it has something is one that failed.
func TestWriterSyncFails(t *testing.T) {
	d := &disk{room: -1, broken: syscall.EIO}
	w := NewWriter(d)
	w.Put(note(0, 1))
	if err := w.Sync(); !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
	d.mu.Lock()
	d.broken = nil
	d.mu.Unlock()
	w.Put(note(1, 1))
	if err := w.Close(); !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
	if n := notes(t, io.MultiReader(&d.text, bytes.NewReader(w.Unsaved()))); n != 2 {
		t.Errorf("%d records", n)
	}
}

// Everybody may use a Writer at once, while it is closed, too.
func TestWriterTogether(t *testing.T) {
	d := &disk{room: -1}
	w := NewWriter(d)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 500 {
				w.Put(Record{Of{fmt.Sprint(g), 1}, bench.Sample{At: time.Duration(i)}})
				switch {
				case i%100 == 0:
					if err := w.Sync(); err != nil {
						t.Error(err)
					}
				case i == 450:
					if err := w.Close(); err != nil {
						t.Error(err)
					}
				}
				w.Unsaved()
			}
		})
	}
	all.Wait()
	if err := w.Sync(); err != nil {
		t.Error(err)
	}
	next := map[Of]time.Duration{}
	for r, err := range Read(&d.text) {
		if err != nil {
			t.Fatal(err)
		}
		if got := r.What.(bench.Sample).At; got != next[r.Of] {
			t.Fatalf("%v: %d in place of %d", r.Of, got, next[r.Of])
		}
		next[r.Of]++
	}
	if len(next) != 4 || next[Of{"0", 1}] != 500 {
		t.Errorf("%v", next)
	}
}
