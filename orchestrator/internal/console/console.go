// Package console is what people see of a run of the command drill: the banner,
// a line for each item, the statistics and the comparison, as those who know
// the load tester drill know them to the letter, and after them what this
// project adds. It also reads what they ask of a result: gates, and reports of
// earlier runs.
package console

import (
	"io"
	"strconv"
	"sync"
	"time"
)

// Format says how a run is printed.
type Format struct {
	Colour  bool // ANSI colours
	Quiet   bool // no line for each item
	Verbose bool // all of each request and its answer
	Nanosec bool // times in whole nanoseconds rather than milliseconds
}

// flushEvery is how long a line may stay in the buffer: too short for people to
// notice, and long enough for a fast run to write a few times a second only.
const flushEvery = 50 * time.Millisecond

// bufferSize is how much is gathered for one write.
const bufferSize = 64 << 10

// Printer prints a run. What it prints goes through one buffer, so lines of
// iterations that run at the same time never mix. It is a load.Observer, and
// safe for use by several goroutines.
type Printer struct {
	Format
	out io.Writer

	mu    sync.Mutex // guards what follows
	buf   []byte
	flush *time.Timer // set while buf holds something
	err   error       // the first of out; nothing is printed after it
}

// New makes a Printer that prints to out. Close has to be called at the end.
func New(out io.Writer, f Format) *Printer { return &Printer{Format: f, out: out} }

// print lets line append whole lines to what is printed.
func (p *Printer) print(line func(b []byte) []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return
	}
	p.buf = line(p.buf)
	switch {
	case len(p.buf) >= bufferSize:
		p.write()
	case p.flush == nil:
		p.flush = time.AfterFunc(flushEvery, func() { _ = p.Close() })
	}
}

// write hands over the buffer; mu is held.
func (p *Printer) write() {
	if p.flush != nil {
		p.flush.Stop()
		p.flush = nil
	}
	if p.err == nil && len(p.buf) > 0 {
		_, p.err = p.out.Write(p.buf)
	}
	p.buf = p.buf[:0]
}

// Close writes what is still in the buffer. The error is the first of the
// writer. The Printer may go on printing, and is closed again then.
func (p *Printer) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write()
	return p.err
}

// time writes a duration as drill does, rounded half up.
func (f Format) time(d time.Duration) string {
	if f.Nanosec {
		return strconv.FormatInt(int64(d), 10) + "ns"
	}
	return strconv.FormatInt(int64((d+time.Millisecond/2)/time.Millisecond), 10) + "ms"
}
