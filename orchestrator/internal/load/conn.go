package load

import (
	"context"
	"net"
	"sync"
	"syscall"
	"time"
)

// idleLimit is the time without use after which a connection is looked at
// before it is used again: the server may have closed it meanwhile.
const idleLimit = time.Millisecond

// conn is a worker's connection to the target: opened when first needed, kept
// open between requests, and opened anew where the server closed it. Only
// abort may be called from another goroutine.
type conn struct {
	target  Target
	timeout time.Duration
	dial    dialFunc

	nc    net.Conn // nil: not open
	fresh bool     // no request has been answered on it
	in    reader
	out   net.Buffers // what is left to write; its array is kept for the next request
	parts [2][]byte   // that array
	armed time.Time   // the deadline that nc has
	used  time.Time   // when the last answer ended

	raw   syscall.RawConn // nil where nc has no file descriptor of its own
	look  func(fd uintptr)
	stale bool // what look found

	duplex *duplex // nil until a large request needs it

	mu      sync.Mutex // guards open and stopped
	open    net.Conn   // nc, for abort
	stopped bool
}

func newConn(target Target, timeout time.Duration, dial dialFunc) *conn {
	c := &conn{target: target, timeout: timeout, dial: dial}
	// One closure for the life of the worker: a new one each time would
	// be an allocation.
	c.look = func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		c.stale = err != syscall.EAGAIN // closed, broken, or bytes that nobody asked for
	}
	return c
}

// connect opens the connection, unless there is one that can be used again.
func (c *conn) connect(ctx context.Context, now time.Time) error {
	if c.nc != nil && c.raw != nil && now.Sub(c.used) > idleLimit {
		if err := c.raw.Control(c.look); err != nil || c.stale {
			c.close()
		}
	}
	if c.nc != nil {
		return nil
	}
	nc, err := c.dial(ctx, c.target, now.Add(c.timeout))
	if err != nil {
		return &connectError{err}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		_ = nc.Close()
		return &connectError{context.Canceled}
	}
	c.open, c.nc, c.fresh, c.armed = nc, nc, true, time.Time{}
	c.in.reset(nc)
	c.raw = nil
	if sc, ok := nc.(syscall.Conn); ok {
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
	c.mu.Lock()
	c.open = nil
	c.mu.Unlock()
	_ = c.nc.Close() // nothing that was not read or written matters any more
	if c.duplex != nil {
		c.duplex.stop()
		c.duplex = nil
	}
	c.nc, c.raw = nil, nil
}

// abort makes every present and later use fail at once.
func (c *conn) abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	if c.open != nil {
		_ = c.open.Close()
	}
}
