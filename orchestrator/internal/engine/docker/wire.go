package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/docker/cli/cli/connhelper"
)

const (
	dialTime = 10 * time.Second // to connect
	// How long a failed write waits for the read beside it to say why.
	wordsTime = time.Second
)

// wire makes the connections to a daemon, and remembers why the last one failed:
// the client's own errors leave that out.
type wire struct {
	ssh     bool
	connect func(ctx context.Context, network, address string) (net.Conn, error)

	mu   sync.Mutex
	last attempt
	open map[*tunnel]bool
}

// attempt is what became of a connection.
type attempt struct {
	address string // where it went; empty: none has come to an end yet
	failed  error  // nil: it was made
}

func newWire(host string) (*wire, error) {
	w := &wire{open: map[*tunnel]bool{}}
	dialer := &net.Dialer{Timeout: dialTime, KeepAlive: 30 * time.Second}
	if path, ok := strings.CutPrefix(host, "unix://"); ok {
		w.connect = func(ctx context.Context, _, _ string) (net.Conn, error) { return dialer.DialContext(ctx, "unix", path) }
		return w, nil
	}
	// ssh is to give up, and say why, before the call that waits for it does.
	helper, err := connhelper.GetConnectionHelperWithSSHOpts(host, []string{"-o ConnectTimeout=10"})
	if err != nil {
		return nil, err
	}
	w.connect = dialer.DialContext
	if helper != nil {
		w.ssh, w.connect = true, helper.Dialer
	}
	return w, nil
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := w.connect(ctx, network, address)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = attempt{address, err}
	if err != nil || !w.ssh {
		return conn, err
	}
	t := &tunnel{Conn: conn, wire: w, ended: make(chan struct{})}
	w.open[t] = true
	return t, nil
}

// lastAttempt tells of the last connection.
func (w *wire) lastAttempt() attempt {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// Close ends the processes of the connections that are still open, and waits
// for them.
func (w *wire) Close() {
	w.mu.Lock()
	var open []*tunnel
	for t := range w.open {
		open = append(open, t)
	}
	w.mu.Unlock()
	for _, t := range open {
		t.Close()
	}
}

// tunnel is a connection through an ssh process. That the process has ended,
// and what it said on its standard error, shows when the tunnel is read; a
// write that comes before knows of a broken pipe only.
type tunnel struct {
	net.Conn
	wire  *wire
	once  sync.Once
	ended chan struct{} // closed after why was set
	why   error
}

func (t *tunnel) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if err != nil {
		t.end(err)
	}
	return n, err
}

func (t *tunnel) end(err error) {
	t.once.Do(func() {
		t.why = err
		t.wire.mu.Lock()
		if !errors.Is(err, io.EOF) && !errors.Is(err, fs.ErrClosed) { // neither was ssh's fault
			t.wire.last.failed = err
		}
		t.wire.mu.Unlock()
		close(t.ended)
	})
}

func (t *tunnel) Write(p []byte) (int, error) {
	n, err := t.Conn.Write(p)
	if err == nil {
		return n, nil
	}
	select {
	case <-t.ended:
		return n, fmt.Errorf("%w: %w", err, t.why)
	case <-time.After(wordsTime):
		return n, err
	}
}

// Close ends the process and waits for it.
func (t *tunnel) Close() error {
	err := t.Conn.Close()
	t.wire.mu.Lock()
	delete(t.wire.open, t)
	t.wire.mu.Unlock()
	return err
}
