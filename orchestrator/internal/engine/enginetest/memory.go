package enginetest

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// pipes is a listener whose connections stay in memory: a goroutine that waits
// for one waits for another goroutine and for nothing outside, so a fake clock
// goes on.
type pipes struct {
	name   string
	ends   chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func newPipes(name string) *pipes {
	return &pipes{name: name, ends: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept gives the server's end of the next connection.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case end := <-p.ends:
		return end, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses all further connections.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr is itself.
func (p *pipes) Addr() net.Addr { return p }

// Network is memory.
func (p *pipes) Network() string { return "memory" }

func (p *pipes) String() string { return p.name }

// dial gives the client's end of a new connection. Nobody listening is the error
// that a socket has for it.
func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	var err error
	select {
	case p.ends <- server:
		return client, nil
	case <-p.closed:
		err = syscall.ECONNREFUSED
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	_, _ = client.Close(), server.Close() // a pipe's always succeed
	return nil, &net.OpError{Op: "dial", Net: p.Network(), Addr: p, Err: err}
}
