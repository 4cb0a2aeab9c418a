package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
)

// TestUnconnected: what cannot be brought about everywhere.
func TestUnconnected(t *testing.T) {
	check := func(host string, at attempt, text, advice string) {
		t.Helper()
		choices(t, map[string]string{"DOCKER_HOST": host})
		e, err := New(Options{Root: "."})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		mistaken(t, e.daemon.failing(e.unconnected(at)), text, advice)
	}
	refused := func(err error) error {
		return &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", err)}
	}
	dir := enginetest.ShortDir(t)
	group, alone := filepath.Join(dir, "group"), filepath.Join(dir, "alone")
	write(t, group, "")
	write(t, alone, "")
	if err := os.Chmod(group, 0o660); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(group, os.Getuid(), os.Getgid()); err != nil {
		t.Fatal(err)
	}
	check("unix://"+group, attempt{"x", refused(syscall.EACCES)}, "no access to "+group, "usermod -aG ")
	check("unix://"+alone, attempt{"x", refused(syscall.EACCES)}, "no access to "+alone, "run as that user")
	check("unix://"+dir+"/none", attempt{"x", refused(syscall.EACCES)}, "no access to the folder of", "ask its owner")
	unknown := &net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}
	check("tcp://h:1", attempt{"h:1", unknown}, "no such host", "there is no host h: correct or unset DOCKER_HOST")
	check("h", attempt{"h:2375", unknown}, "no such host", "there is no host h: correct or unset DOCKER_HOST")
	check("tcp://h:1", attempt{"h:1", &net.DNSError{Err: "server misbehaving", Name: "h", IsTemporary: true}}, "server misbehaving", "resolv.conf")
	check("tcp://h:1", attempt{"h:1", refused(syscall.ENETUNREACH)}, "unreachable", "can be reached")
	check("tcp://h:1", attempt{"proxy:3128", refused(syscall.ECONNREFUSED)}, "through the proxy proxy:3128", "NO_PROXY")
	check("tcp://[::1]:1/base", attempt{"[::1]:1", refused(syscall.ECONNREFUSED)}, "nothing listens there", "unset DOCKER_HOST")
}

// TestAPIVersion: a version that the user insists on, or that is too old.
func TestAPIVersion(t *testing.T) {
	good := standing(t, answering("20.10.24", "1.41"))
	for _, c := range []struct{ version, text string }{
		{"1.99", "client version 1.99 is too new"},
		{"abc", "page not found"},
		{"2", "client version 2 is too new"},
	} {
		choices(t, map[string]string{"DOCKER_HOST": good, "DOCKER_API_VERSION": c.version})
		_, err := asked(t.Context(), nil)
		mistaken(t, err, c.text, "unset DOCKER_API_VERSION")
		mistaken(t, err, "DOCKER_API_VERSION="+c.version, "")
	}
	choices(t, map[string]string{"DOCKER_HOST": good, "DOCKER_API_VERSION": "1.40"})
	if _, err := asked(t.Context(), nil); err != nil {
		t.Errorf("a version that both speak: %v", err)
	}

	choices(t, map[string]string{"DOCKER_HOST": standing(t, answering("1.10.3", "1.22"))})
	_, err := asked(t.Context(), nil)
	mistaken(t, err, "1.10.3 speaks only API 1.22", "20.10")

	// One from before versions were agreed on takes the client's own.
	choices(t, map[string]string{"DOCKER_HOST": standing(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.12")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, "client and server don't have same version")
	}))})
	_, err = asked(t.Context(), nil)
	mistaken(t, err, "don't have same version", "20.10")

	var log bytes.Buffer
	choices(t, map[string]string{"DOCKER_HOST": standing(t, answering("19.03.15", "1.40"))})
	_, err = asked(t.Context(), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil || !strings.Contains(log.String(), "19.03.15") {
		t.Errorf("%v, log %q; want a warning", err, log.String())
	}
}

// TestSilent: no answer in time has different causes.
func TestSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	choices(t, map[string]string{"DOCKER_HOST": "tcp://" + l.Addr().String()})
	e, err := New(Options{Root: "."})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	mistaken(t, e.silent(time.Second), "no answer within 1s", "no connection can be made")
	conn, err := e.wire.dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	mistaken(t, e.silent(time.Second), "no answer within 1s", "the daemon accepts connections but does not answer")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Info(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want the caller's own", err)
	}
}

// TestNoDaemon: something else listens.
func TestNoDaemon(t *testing.T) {
	text := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body) // the caller may have hung up
		}
	}
	for _, c := range []struct {
		handler      http.HandlerFunc
		text, advice string
	}{
		{text(200, "text/html", "<html>"), "invalid character '<'", "check that a Docker daemon listens there"},
		{text(404, "text/html", "not here"), "not here", "not a Docker daemon"},
		{text(401, "text/plain", "who are you?"), "who are you?", "for access"},
		{text(500, "application/json", `{"message":"the store is broken"}`), "the store is broken", "daemon's log"},
		{text(503, "text/plain", "starting"), "starting", "daemon's log"},
	} {
		choices(t, map[string]string{"DOCKER_HOST": standing(t, c.handler)})
		_, err := asked(t.Context(), nil)
		mistaken(t, err, c.text, c.advice)
	}
}

// TestThroughProxy: what the proxy says is not the daemon's.
func TestThroughProxy(t *testing.T) {
	choices(t, nil)
	e, err := New(Options{Root: "."})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.daemon.Host = "tcp://far:2375"
	e.wire.last = attempt{address: "proxy:3128"}
	mistaken(t, e.unreachable(t.Context(), errors.New("503 from somebody")), "through the proxy proxy:3128: 503 from somebody", "NO_PROXY")
}
