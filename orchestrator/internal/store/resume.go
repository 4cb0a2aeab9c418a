package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// Earlier is what an interrupted run has left to go on from.
type Earlier struct {
	Header Header            // as it began
	Where  bench.Environment // of the last round that is whole; of none, as it began
	Images []Image           // of that round
	Done   []Judged          // the rounds that are whole, from the first on
	Gone   []Gone            // the variants that are left out by then
}

// Took is how long the whole rounds took.
func (e *Earlier) Took() time.Duration {
	var sum time.Duration
	for _, j := range e.Done {
		sum += j.Took
	}
	return sum
}

// Reopen takes a results folder up again whose run was interrupted: by a signal,
// a kill, a full disk, a power cut. Nothing in it is changed before GoOn.
func Reopen(dir string) (*Folder, *Earlier, error) {
	f := &Folder{Dir: dir}
	if err := f.reopen(); err != nil {
		return nil, nil, errors.Join(err, f.close())
	}
	earlier, err := f.earlier()
	if err != nil {
		return nil, nil, errors.Join(err, f.close())
	}
	f.Writer = NewWriter(f.stream)
	return f, earlier, nil
}

// reopen opens the stream and takes the lock.
func (f *Folder) reopen() error {
	const others = "name a folder whose run was interrupted"
	there := func(name string) bool {
		_, err := os.Lstat(f.path(name))
		return err == nil
	}
	info, err := os.Stat(f.Dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return hint.Mistake("there is no "+f.Dir, others)
	case err != nil:
		return err
	case !info.IsDir():
		return hint.Mistake(f.Dir+" is not a folder", others)
	case there(streamFile):
	case there(packedFile):
		return f.over()
	case there(ExperimentFile):
		return hint.Mistake(f.Dir+" holds no records to go on from: an earlier version saved it", "start a new run")
	default:
		return hint.Mistake(f.Dir+" holds no experiment", others)
	}
	info, err = os.Lstat(f.path(streamFile))
	if err == nil && !info.Mode().IsRegular() {
		return hint.Mistake(f.path(streamFile)+" is not a regular file", others)
	}
	if f.stream, err = os.OpenFile(f.path(streamFile), os.O_RDWR|os.O_APPEND|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0); err != nil {
		return hint.Mistake(fmt.Sprintf("cannot go on: %v", err), "run this as the user who began it")
	}
	err = lock(f.stream)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return hint.Mistake("the run of "+f.Dir+" is under way", "wait until it ends, or end it with Ctrl-C")
	}
	if err != nil {
		return err
	}
	if head := make([]byte, len(gzipMagic)); readsAs(f.stream, head, gzipMagic) {
		return hint.Mistake(f.path(streamFile)+" is compressed: nothing can be appended to it", "unpack it with gunzip, under the same name")
	}
	return nil
}

// readsAs says whether a file begins with something.
func readsAs(file *os.File, head, want []byte) bool {
	n, err := file.ReadAt(head, 0)
	return err == nil && bytes.Equal(head[:n], want)
}

// over is the error of a run that came to its end.
func (f *Folder) over() error {
	return hint.Mistake("the run of "+f.Dir+" is over: nothing is left to do", "print it: go run ./orchestrator report "+f.Dir)
}

// earlier reads what there is. A disk that fails is no damage to pass over: what
// could not be read now would be done again.
func (f *Folder) earlier() (*Earlier, error) {
	folding := NewFolding()
	for r, err := range Read(f.stream) {
		var damaged *LineError
		var newer *NewerError
		stop := err
		if err == nil || errors.As(err, &damaged) || errors.As(err, &newer) {
			stop = folding.Take(r, err)
		}
		if stop != nil {
			return nil, fmt.Errorf("%s: %w", f.path(streamFile), stop)
		}
	}
	exp, err := folding.Experiment()
	if err != nil {
		err = fmt.Errorf("%s: %w", f.path(streamFile), err)
		if folding.header == nil {
			err = hint.With(err, "nothing was measured yet: start a new run, and remove "+f.Dir)
		}
		return nil, err
	}
	if !exp.Interrupted {
		return nil, f.over()
	}
	e := &Earlier{Header: *folding.header, Where: folding.begun, Images: folding.header.Images}
	for _, v := range folding.done() {
		e.Done, e.Where, e.Images = append(e.Done, v.Judged), v.where, v.images
	}
	for _, g := range folding.leftOut {
		if max(g.Round, g.After) <= len(e.Done) {
			e.Gone = append(e.Gone, g)
		}
	}
	return e, nil
}

// GoOn makes the folder ready for a run that goes on, whose first record is a
// Resumed. The fold that an interruption has left goes: it would be out of date.
func (f *Folder) GoOn() error {
	if err := f.endLine(); err != nil {
		return fmt.Errorf("go on with %s: %w", f.Dir, err)
	}
	if err := os.Remove(f.path(ExperimentFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("go on with %s: %w", f.Dir, err)
	}
	return nil
}

// endLine ends the line that a kill or a full disk has cut.
func (f *Folder) endLine() error {
	end, err := f.stream.Seek(0, io.SeekEnd)
	if err != nil || end == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := f.stream.ReadAt(last, end-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = f.stream.WriteString("\n")
	return err
}
