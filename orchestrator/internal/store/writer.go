package store

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// The Writer's pace.
const (
	writeEvery  = 500 * time.Millisecond // what a killed process may lose, beside what was synced
	writeAt     = 64 << 10               // bytes that wait no longer
	mostWaiting = 64 << 20               // bytes that a disk may be behind
	mostUnsaved = 2 * mostWaiting        // bytes that are kept when it has failed
)

// File is what a Writer appends to: an *os.File.
type File interface {
	io.Writer
	Sync() error
}

// Writer appends records to a file as lines of JSON. Whoever puts a record does
// not wait for the disk: lines gather in memory, and a goroutine writes them
// within half a second. When writing has failed, what was not written stays in
// memory.
type Writer struct {
	file File

	mu      sync.Mutex // guards what follows
	waiting []byte     // whole lines
	lost    error      // of a record that could not be put

	writing sync.Mutex // held while the file is written to; guards what follows
	unsaved []byte     // what a write that failed has left
	gap     bool       // what came behind unsaved was too much to be kept
	err     error      // of the file; nothing is written after it

	wake chan struct{}
	once sync.Once // closes
	stop chan struct{}
	done chan struct{}
}

// NewWriter makes a Writer. Close has to be called.
func NewWriter(file File) *Writer {
	w := &Writer{file: file, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

// Put appends a record, unless it is a passing one. An error comes with the next
// Sync.
func (w *Writer) Put(r Record) {
	if r.Passing() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	before := len(w.waiting)
	if before > mostWaiting {
		if w.lost == nil {
			w.lost = fmt.Errorf("the disk is %d MiB behind", mostWaiting>>20)
		}
		return
	}
	var err error
	if w.waiting, err = appendLine(w.waiting, r); err != nil && w.lost == nil {
		w.lost = err
	}
	if before < writeAt && len(w.waiting) >= writeAt {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// run writes what is waiting until Close.
func (w *Writer) run() {
	defer close(w.done)
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-w.wake:
		case <-tick.C:
		}
		_ = w.flush() // Sync tells of it
	}
}

// flush writes what is waiting, in one piece.
func (w *Writer) flush() error {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.mu.Lock()
	lines := w.waiting
	w.waiting = nil
	lost := w.lost
	w.mu.Unlock()
	if w.err != nil {
		w.keep(lines)
	} else if len(lines) > 0 {
		n, err := w.file.Write(lines)
		if err == nil && n < len(lines) {
			err = io.ErrShortWrite
		}
		if err != nil {
			w.err = err
			w.keep(lines[n:])
		}
	}
	return errors.Join(w.err, lost)
}

// keep holds on to what could not be written, within bounds and without a gap;
// writing is locked.
func (w *Writer) keep(lines []byte) {
	if w.gap = w.gap || len(w.unsaved)+len(lines) > mostUnsaved; !w.gap {
		w.unsaved = append(w.unsaved, lines...)
	}
}

// Sync writes everything that was put, and returns when the disk has it. What it
// costs depends on what is new, not on what is there. An error comes again each
// time: of the file, after which nothing is written to it, or of a record that
// could not be put, all others being safe.
func (w *Writer) Sync() error {
	err := w.flush()
	w.writing.Lock()
	defer w.writing.Unlock()
	if w.err == nil {
		w.err = w.file.Sync()
		err = errors.Join(err, w.err)
	}
	return err
}

// Unsaved gives what could not be written: it belongs behind what the file has.
// Together they are what was put, up to where it became too much.
func (w *Writer) Unsaved() []byte {
	w.writing.Lock()
	defer w.writing.Unlock()
	return w.unsaved
}

// Close ends the Writer, after a last Sync; the file stays open. To close again
// gives the same error. What is put after it waits for a Sync.
func (w *Writer) Close() error {
	w.once.Do(func() {
		close(w.stop)
		<-w.done
	})
	return w.Sync()
}
