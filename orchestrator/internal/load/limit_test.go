package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/kernel"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

func TestClassifyLimits(t *testing.T) {
	dial := func(call string, errno syscall.Errno) error {
		addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
		return &connectError{limited(&net.OpError{Op: "dial", Net: "tcp", Addr: addr, Err: os.NewSyscallError(call, errno)})}
	}
	check := func(err error, want string) {
		t.Helper()
		if got := classify(err).String(); got != want {
			t.Errorf("%v is %s, want %s", err, got, want)
		}
	}
	check(dial("socket", syscall.EMFILE), "open files of this machine")
	check(dial("socket", syscall.ENFILE), "open files of this machine")
	check(dial("socket", syscall.ENOBUFS), "memory of this machine")
	check(dial("connect", syscall.ENOMEM), "memory of this machine")
	check(dial("connect", syscall.EADDRNOTAVAIL), "ports of this machine")
	check(fmt.Errorf("write: %w", syscall.ENOBUFS), "memory of this machine")
	check(&tlsError{fmt.Errorf("read: %w", syscall.ENOMEM)}, "memory of this machine")

	// Not ours: a backlog that is full, and a network that is not there.
	check(dial("connect", syscall.EAGAIN), "connect")
	check(dial("connect", syscall.ECONNREFUSED), "connect")
	check(dial("connect", syscall.ENETUNREACH), "connect")
	local := &net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 1} // without a zone nothing can be sent there
	check(&connectError{limited(&net.OpError{Op: "dial", Net: "tcp", Addr: local, Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)})}, "connect")
	check(&connectError{limited(&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}})}, "connect")
	check(&protocolError{what: "too many open files"}, "protocol")
}

// The error of a look-up holds its reason as a text alone, so the reason is tried
// out: in a process of its own, which may open no file more.
func TestLookupWithoutFiles(t *testing.T) {
	const child = "LOAD_TEST_WITHOUT_FILES"
	if os.Getenv(child) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLookupWithoutFiles$")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	freePort(t) // the runtime needs files of its own before it waits for a network
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 1, Max: 1}); err != nil {
		t.Fatal(err)
	}
	d := dialer{dial: dialNet}
	_, _, err := d.connect(t.Context(), &route{dial: Target{"tcp", "stepper.invalid:80"}}, time.Now().Add(10*time.Second))
	var lookup *net.DNSError
	if !errors.As(err, &lookup) || classify(err) != failFiles {
		t.Errorf("%v is %s", err, classify(err))
	}
}

// A port for each connection is taken from a range, which here is one port wide.
func TestNoPortsLeft(t *testing.T) {
	needs.Kernel(t, kernel.PortRange)
	both := make(chan struct{})
	var once sync.Once
	rec := &recorder{reply: func(w net.Conn, s seen) bool {
		select { // until the other request has failed
		case <-both:
		case <-time.After(10 * time.Second):
		}
		return ok(w, s)
	}}
	target := rec.listen(t, "tcp")
	port := freePort(t)
	dial := func(ctx context.Context, target Target, deadline time.Time) (net.Conn, error) {
		var refused error
		d := net.Dialer{Deadline: deadline, Control: func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) {
				refused = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_LOCAL_PORT_RANGE, port|port<<16)
			})
		}}
		nc, err := d.DialContext(ctx, target.Network, target.Address)
		if refused != nil {
			t.Errorf("set the range of ports: %v", refused)
		}
		if errors.Is(err, syscall.EADDRNOTAVAIL) {
			once.Do(func() { close(both) })
		}
		return nc, err
	}
	got, err := network{dial, lookupNet}.run(t.Context(), planOf(2, 2, ask("GET", "/", nil)), target, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Errors["ports of this machine"] != 1 || got.Statuses["200"] != 1 || got.Latency.N() != 1 {
		t.Errorf("%+v", got.Counts)
	}
	limits := got.Limits()
	if len(limits) != 1 || limits[0].Class != "ports of this machine" || limits[0].Requests != 1 || !strings.Contains(limits[0].Advice, "ip_local_port_range") {
		t.Errorf("limits %+v", limits)
	}
}

// A server that does not take the connections that wait is no limit of ours, nor a
// timeout, though the kernel says EAGAIN.
func TestFullBacklog(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil { // one may wait
		t.Fatal(err)
	}
	waiting, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	got := mustRun(t, planOf(1, 3, ask("GET", "/", nil)), Target{"unix", path}, Options{})
	check(t, got, failure(3, "connect"))
	if got.Limits() != nil {
		t.Errorf("limits %+v", got.Limits())
	}
}

// freePort gives a port that nobody has, at least a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Failures for a limit come back at once, and the load does not spin on them.
func TestLimitRests(t *testing.T) {
	dial := func(context.Context, Target, time.Time) (net.Conn, error) {
		return nil, os.NewSyscallError("socket", syscall.EMFILE)
	}
	start := time.Now()
	got, err := network{dial, lookupNet}.run(t.Context(), planOf(1, 20, ask("GET", "/", nil)), Target{"tcp", "127.0.0.1:1"}, Options{})
	if err != nil || got.Errors["open files of this machine"] != 20 {
		t.Errorf("%+v, %v", got.Errors, err)
	}
	if took := time.Since(start); took < 80*time.Millisecond {
		t.Errorf("20 failures in %v", took)
	}
}

func TestNameLimit(t *testing.T) {
	check := func(err error, want string) {
		t.Helper()
		if got := nameLimit(err).Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	at := func(errno syscall.Errno) error { return &os.PathError{Op: "fork/exec", Path: "/bin/bash", Err: errno} }
	check(at(syscall.EAGAIN), "processes of this machine: fork/exec /bin/bash: resource temporarily unavailable")
	check(at(syscall.ENOMEM), "memory of this machine: fork/exec /bin/bash: cannot allocate memory")
	check(at(syscall.EMFILE), "open files of this machine: fork/exec /bin/bash: too many open files")
	check(at(syscall.EACCES), "fork/exec /bin/bash: permission denied")
	check(io.EOF, "EOF")
}
