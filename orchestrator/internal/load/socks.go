package load

import (
	"context"
	"net"
	"time"

	socks "golang.org/x/net/proxy"
)

// socksError is a SOCKS proxy that does not give the connection it was asked for.
type socksError struct{ err error }

func (e *socksError) Error() string { return "the proxy: " + e.err.Error() }

func (e *socksError) Unwrap() error { return e.err }

// handed is a connection to a proxy that is open already.
type handed struct{ net.Conn }

// Dial implements socks.Dialer.
func (h handed) Dial(string, string) (net.Conn, error) { return h.Conn, nil }

// DialContext implements socks.ContextDialer.
func (h handed) DialContext(context.Context, string, string) (net.Conn, error) { return h.Conn, nil }

// openSOCKS asks a SOCKS proxy for a connection to host:port, which takes the
// place of the one to the proxy. Afterwards nc has no deadline.
func (p *proxy) openSOCKS(ctx context.Context, nc net.Conn, address string, deadline time.Time) error {
	var auth *socks.Auth
	if p.url.User != "" || p.url.Password != "" {
		auth = &socks.Auth{User: p.url.User, Password: p.url.Password}
	}
	asker, err := socks.SOCKS5("tcp", p.url.Address(), auth, handed{nc})
	if err != nil {
		return &socksError{err}
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	// What comes back is nc again, in a shell that hides its file from us.
	if _, err := asker.(socks.ContextDialer).DialContext(ctx, "tcp", address); err != nil {
		return &socksError{err}
	}
	return nil
}
