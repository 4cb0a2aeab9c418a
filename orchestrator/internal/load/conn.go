package load

import (
	"context"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// idleLimit is the time without use after which a connection is looked at
// before it is used again: the server may have closed it meanwhile.
const idleLimit = time.Millisecond

// lifeline is what a worker's connections hang on: cut ends them all, from any
// goroutine.
type lifeline struct {
	mu      sync.Mutex
	open    []net.Conn
	stopped bool
}

// add takes a connection in, or says that it is too late.
func (l *lifeline) add(nc net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.stopped {
		l.open = append(l.open, nc)
	}
	return !l.stopped
}

func (l *lifeline) remove(nc net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.open {
		if l.open[i] == nc {
			l.open[i] = l.open[len(l.open)-1]
			l.open[len(l.open)-1] = nil
			l.open = l.open[:len(l.open)-1]
			return
		}
	}
}

// cut makes every present and later use of the connections fail at once.
func (l *lifeline) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	for _, nc := range l.open {
		_ = nc.Close()
	}
}

// conn is a worker's connection to one server: opened when first needed, kept
// open between requests, and opened anew where the server closed it.
type conn struct {
	route    *route
	timeout  time.Duration
	dialer   *dialer
	lifeline *lifeline

	nc    net.Conn // nil: not open
	plain net.Conn // what nc stands on, where it speaks TLS; else nc
	in    reader
	out   net.Buffers // what is left to write; its array is kept for the next request
	parts [2][]byte   // that array
	armed time.Time   // the deadline that nc has
	used  time.Time   // when the last answer ended

	answers int   // how many came over nc
	taken   int64 // bytes of their requests
	single  bool  // nc is to be used once: the server hangs up after an answer, and does not say so

	raw   syscall.RawConn // nil where there is no file descriptor of its own
	look  func(fd uintptr)
	stale bool // what look found

	push    func(fd uintptr) bool // writes out, as far as it goes at once
	pushed  int                   // how far that was
	pushErr error

	duplex *duplex // nil until a large request needs it
}

func newConn(to *route, timeout time.Duration, d *dialer, l *lifeline) *conn {
	c := &conn{route: to, timeout: timeout, dialer: d, lifeline: l}
	// One closure for the life of the worker: a new one each time would
	// be an allocation.
	c.look = func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		c.stale = err != syscall.EAGAIN // closed, broken, or bytes that nobody asked for
	}
	c.push = func(fd uintptr) bool {
		c.pushed, c.pushErr = unix.Writev(int(fd), c.out)
		return true
	}
	return c
}

// connect opens the connection, unless there is one that can be used again.
func (c *conn) connect(ctx context.Context, start time.Time) error {
	if c.nc != nil && c.raw != nil && start.Sub(c.used) > idleLimit {
		if err := c.raw.Control(c.look); err != nil || c.stale {
			c.close()
		}
	}
	if c.nc != nil {
		return nil
	}
	nc, plain, err := c.dialer.connect(ctx, c.route, start.Add(c.timeout))
	if err != nil {
		return err
	}
	// It is closed without the farewell that TLS has: a server that takes
	// nothing any more would hold it up.
	if !c.lifeline.add(plain) {
		_ = plain.Close()
		return &connectError{context.Canceled}
	}
	c.nc, c.plain, c.armed = nc, plain, time.Time{}
	c.answers, c.taken = 0, 0
	c.in.reset(nc)
	c.raw = nil
	if sc, ok := plain.(syscall.Conn); ok {
		c.raw, _ = sc.SyscallConn() // without it a dead connection shows a little later
	}
	return nil
}

// arm sees to it that no wait lasts longer than the timeout allows. Setting a
// deadline costs about as much as parsing an answer, so it is set with some
// slack, and again only when less than the timeout is left of it.
func (c *conn) arm(start time.Time) error {
	due := start.Add(c.timeout)
	if !c.armed.Before(due) {
		return nil
	}
	c.armed = due.Add(min(c.timeout/16, 250*time.Millisecond))
	return c.nc.SetDeadline(c.armed)
}

// close ends the connection, if there is one, and what belongs to it.
func (c *conn) close() {
	if c.nc == nil {
		return
	}
	c.lifeline.remove(c.plain)
	_ = c.plain.Close() // nothing that was not read or written matters any more
	if c.duplex != nil {
		c.duplex.stop()
		c.duplex = nil
	}
	c.nc, c.plain, c.raw = nil, nil, nil
}
