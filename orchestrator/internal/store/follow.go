package store

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
)

// lookEvery is the time between two looks at a stream that does not grow.
const lookEvery = 250 * time.Millisecond

// Alive says whether a run is under way in a results folder.
func Alive(dir string) bool { return alive(filepath.Join(dir, streamFile)) }

// Grows says whether a path is a results folder with a stream that somebody writes
// to or may go on with.
func Grows(path string) bool {
	info, err := os.Lstat(filepath.Join(path, streamFile))
	return err == nil && info.Mode().IsRegular()
}

// Follow yields the records of a results folder as Read does, and those that
// another process adds, until ctx ends or atEnd does not want to wait. A line that
// is being written is waited for. The stream stays the same where it is packed or
// removed at the end of the run, and where a run that was interrupted goes on: that
// only appends.
//
// atEnd is called, between two records, when all has been read that is there, and
// again whenever there was more or alive changes: whether a run is under way.
// Passing records are not in the file.
func Follow(ctx context.Context, dir string, atEnd func(alive bool) (wait bool)) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		path := filepath.Join(dir, streamFile)
		file, err := files.Open(path, mostFile)
		if err != nil {
			yield(Record{}, err)
			return
		}
		defer file.Close()
		look := func() error {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(lookEvery):
				return nil
			}
		}
		for r, err := range Read(&growing{path: path, file: file, atEnd: atEnd, wait: look}) {
			if ctx.Err() != nil || !yield(r, err) {
				return
			}
		}
	}
}

// growing reads a file that grows, and waits at its end.
type growing struct {
	path  string
	file  io.Reader
	atEnd func(alive bool) bool
	wait  func() error // until it is time for another look
	told  bool         // atEnd was, since there was more
	alive bool         // what it was told
	over  bool         // it does not want to wait
}

func (g *growing) Read(p []byte) (int, error) {
	for {
		if g.over { // a reader may ask more than once
			return 0, io.EOF
		}
		n, err := g.file.Read(p)
		if n > 0 || err != nil && !errors.Is(err, io.EOF) {
			g.told = false
			return n, err
		}
		now := alive(g.path)
		if !now {
			// It may have written before it let go.
			if n, err = g.file.Read(p); n > 0 {
				g.told = false
				return n, err
			}
		}
		if !g.told || now != g.alive {
			g.told, g.alive = true, now
			if g.over = !g.atEnd(now); g.over {
				continue
			}
		}
		if err := g.wait(); err != nil {
			return 0, err
		}
	}
}
