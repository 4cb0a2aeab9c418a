package load

import (
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// do sends one request and reads its answer. sent says whether the request
// went out whole.
//
// There is one second try, on a new connection: when the first went to a
// connection that had been used before and turned out to be dead before it
// took a single byte, or that the server closed before a single byte reached
// it. Then the server cannot have seen the request. Whatever it may have seen a
// part of is never sent again.
func (c *conn) do(ctx context.Context, msg *message, want expect, start time.Time) (ans answer, sent bool, err error) {
	for {
		if err := c.connect(ctx, start); err != nil {
			return answer{}, false, err
		}
		again := c.answers > 0
		if err := c.arm(start); err != nil {
			c.close()
			return answer{}, false, err
		}
		written, ans, err := c.exchange(msg, want)
		if err == nil && ans.reuse && !msg.last && !c.single {
			c.used = c.in.end
			c.taken += written
			c.answers++
			return ans, true, nil
		}
		sent := written == int64(msg.size)
		switch {
		case !again || err == nil:
			again = false
		case c.unseen(err):
			c.single = c.single || c.answers == 1
		case written > 0 && c.dropped(err, sent):
			again, err = false, &droppedError{err}
		default:
			again = written == 0 && !errors.Is(err, os.ErrDeadlineExceeded)
		}
		c.close()
		if again && ctx.Err() == nil {
			continue
		}
		return ans, sent, err
	}
}

// dropped says whether the server hung up on a connection that it had kept, when
// not a byte of the answer had come. It need not have looked at the request, but
// nobody can know. A clean end after all of the request was taken is another
// thing: the server has read it, and has nothing to say.
func (c *conn) dropped(err error, sent bool) bool {
	switch {
	case c.in.at > 0 || c.in.r < c.in.w:
		return false
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return true
	}
	// Behind a SOCKS proxy it is the proxy that has taken the request.
	return errors.Is(err, io.ErrUnexpectedEOF) && (!sent || c.nc != c.plain || c.route.via != "")
}

// unseen says whether the server hung up before the request reached it. Its
// farewell tells how much it had got by then: of the bytes that came after the
// earlier requests nothing. After a reset, or over TLS, nobody can know.
func (c *conn) unseen(err error) bool {
	if c.raw == nil || c.nc != c.plain || c.in.reads > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	var info *unix.TCPInfo
	failed := c.raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	// The opening of the connection counts as a byte.
	return failed == nil && err == nil && info.Bytes_acked == uint64(c.taken)+1
}

// exchange writes the request and reads the answer, one after the other or,
// for a large one, at the same time. An answer may come before the request is
// out: a server that refuses a body answers and closes, an overloaded one
// does so before it reads at all. Then the answer is what counts, and the
// failed write explains only why the connection ended.
func (c *conn) exchange(msg *message, want expect) (written int64, ans answer, err error) {
	if msg.large() {
		return c.exchangeLarge(msg, want)
	}
	n, writeErr := c.nc.Write(msg.parts[0])
	if writeErr != nil && n == 0 && c.answers > 0 {
		return 0, answer{}, writeErr // no answer can belong to it
	}
	ans, err = c.in.answer(want)
	ans, err = settle(ans, err, writeErr)
	return int64(n), ans, err
}

// settle decides between an answer, the error that cut it short, and the
// error that cut the request short.
func settle(ans answer, readErr, writeErr error) (answer, error) {
	if writeErr == nil {
		return ans, readErr
	}
	ans.reuse = false
	if ans.status != 0 {
		return ans, nil
	}
	return ans, readErr
}

// duplex is a goroutine that reads answers while the worker still writes. It
// belongs to one connection: conn.close ends it and waits for it.
type duplex struct {
	ask     chan expect // an answer is due
	got     chan reply  // it has come, or not
	writing atomic.Bool // the worker has not finished its write
	ended   chan struct{}
}

// reply is what the reading side has to say of one answer.
type reply struct {
	ans answer
	err error
	cut bool // the write was told to stop: deadlines have to be set anew
}

// startDuplex starts the reading side.
func (c *conn) startDuplex() {
	d := &duplex{ask: make(chan expect), got: make(chan reply, 1), ended: make(chan struct{})}
	c.duplex = d
	nc := c.nc
	go func() {
		defer close(d.ended)
		for want := range d.ask {
			ans, err := c.in.answer(want)
			r := reply{ans: ans, err: err, cut: d.writing.Load()}
			if r.cut {
				// There is nothing to wait for any more: the server has said
				// all, or the connection is broken.
				_ = nc.SetWriteDeadline(time.Unix(1, 0))
			}
			d.got <- r
		}
	}()
}

func (d *duplex) stop() {
	close(d.ask)
	<-d.ended
}

// exchangeLarge sends what may not fit in the socket's buffer. What does fit, as
// a megabyte does over TCP, is a write like any other. Otherwise the answer is
// read while the rest is written, so that neither side waits for the other with
// full buffers.
func (c *conn) exchangeLarge(msg *message, want expect) (int64, answer, error) {
	c.parts = msg.parts
	c.out = c.parts[:]
	if c.raw == nil || c.nc != c.plain {
		return c.exchangeDuplex(0, want)
	}
	written, writeErr := c.writeNow()
	switch {
	case writeErr != nil && written == 0 && c.answers > 0:
		return 0, answer{}, writeErr // no answer can belong to it
	case writeErr == nil && written < int64(msg.size):
		return c.exchangeDuplex(written, want)
	}
	ans, err := c.in.answer(want)
	ans, err = settle(ans, err, writeErr)
	return written, ans, err
}

// writeNow writes as much of out as the kernel takes without waiting.
func (c *conn) writeNow() (int64, error) {
	if err := c.raw.Write(c.push); err != nil {
		return 0, err
	}
	switch c.pushErr {
	case nil:
	case unix.EAGAIN, unix.EINTR:
		return 0, nil
	default:
		return 0, os.NewSyscallError("writev", c.pushErr)
	}
	for left := c.pushed; left > 0; {
		n := min(left, len(c.out[0]))
		c.out[0] = c.out[0][n:]
		left -= n
		if len(c.out[0]) == 0 {
			c.out = c.out[1:]
		}
	}
	return int64(c.pushed), nil
}

// exchangeDuplex writes the rest of out and reads the answer meanwhile.
func (c *conn) exchangeDuplex(before int64, want expect) (int64, answer, error) {
	if c.duplex == nil {
		c.startDuplex()
	}
	c.duplex.writing.Store(true)
	c.duplex.ask <- want
	written, writeErr := c.out.WriteTo(c.nc)
	written += before
	c.duplex.writing.Store(false)
	dead := writeErr != nil && written == 0 && c.answers > 0
	if dead {
		_ = c.plain.Close() // the reading side must not wait for an answer
	}
	r := <-c.duplex.got
	if dead {
		return 0, answer{}, writeErr // whatever came belongs to nothing
	}
	if r.cut {
		c.armed = time.Time{}
	}
	ans, err := settle(r.ans, r.err, writeErr)
	return written, ans, err
}
