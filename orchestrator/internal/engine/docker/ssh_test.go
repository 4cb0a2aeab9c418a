package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
)

// dialVariable tells this test's program, started once more, to do what docker
// system dial-stdio does: to join its standard streams to a daemon's socket.
const dialVariable = "STEPPER_DOCKER_TEST_DIAL"

func dialStdio(socket string) error {
	up, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(up, os.Stdin) // its end is the end of the connection
		_ = up.(*net.UnixConn).CloseWrite()
	}()
	_, err = io.Copy(os.Stdout, up)
	return err
}

// farAway puts an ssh on the PATH that runs script, in which "$DIAL" leads to a
// daemon's socket on this machine. It gives the folder where each process leaves
// its arguments, by its number.
func farAway(t *testing.T, daemon, script string) string {
	t.Helper()
	bin, log := t.TempDir(), t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DIAL", program)
	t.Setenv("LOG", log)
	t.Setenv("SOCKET", strings.TrimPrefix(daemon, "unix://"))
	text := "#!/bin/sh\necho \"$@\" >\"$LOG/$$\"\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return log
}

const forward = `exec env ` + dialVariable + `="$SOCKET" "$DIAL"`

// ran gives the arguments of the ssh processes that were started, and an error
// if one is still there.
func ran(t *testing.T, log string) []string {
	t.Helper()
	started, err := os.ReadDir(log)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range started {
		args, err := os.ReadFile(filepath.Join(log, p.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.TrimSpace(string(args)))
		// It has been told to end, and takes a moment for it.
		there := true
		for tries := 0; there && tries < 200; tries++ {
			if _, err := os.Stat("/proc/" + p.Name()); err != nil {
				there = false
			} else {
				time.Sleep(50 * time.Millisecond)
			}
		}
		if there {
			t.Errorf("ssh %s is still there", args)
		}
	}
	if len(all) == 0 {
		t.Error("ssh was not called")
	}
	return all
}

// TestSSH: a daemon behind ssh is asked through it, and no process stays.
func TestSSH(t *testing.T) {
	daemon := standing(t, answering("9.0", "1.41"))
	settings := settings(t, "", map[string]string{"far": "ssh://me@far:2222"})
	for _, c := range []struct {
		set  map[string]string
		args string
	}{
		{map[string]string{"DOCKER_CONTEXT": "far", "DOCKER_CONFIG": settings}, "-l me -p 2222 -o ConnectTimeout=10 -T -- far docker system dial-stdio"},
		{map[string]string{"DOCKER_HOST": "ssh://far"}, "-o ConnectTimeout=10 -T -- far docker system dial-stdio"},
		{map[string]string{"DOCKER_HOST": "ssh://far/run/x.sock"}, "-o ConnectTimeout=10 -T -- far docker '--host=unix:///run/x.sock' system dial-stdio"},
	} {
		choices(t, c.set)
		log := farAway(t, daemon, forward)
		info, err := asked(t.Context(), nil)
		if err != nil || info.Version != "9.0" || info.Context != c.set["DOCKER_CONTEXT"] {
			t.Errorf("%v: %+v, %v", c.set, info, err)
		}
		for _, args := range ran(t, log) {
			if args != c.args {
				t.Errorf("ssh %s; want %s", args, c.args)
			}
		}
	}
}

// TestSSHFails: what ssh says is the cause.
func TestSSHFails(t *testing.T) {
	for _, c := range []struct{ script, text, advice string }{
		{`echo "ssh: connect to host far port 22: No route to host" >&2; exit 255`, "docker at ssh://me@far/x: ssh: connect to host far port 22: No route to host", "ssh ssh://me@far docker version"},
		{`exec <&-; echo "Permission denied (publickey)." >&2; exit 255`, "docker at ssh://me@far/x: Permission denied (publickey).", "ssh ssh://me@far docker version"},
		{`read line; printf 'Host key verification\r\nfailed.\r\n' >&2; exit 255`, "docker at ssh://me@far/x: Host key verification failed.", "ssh ssh://me@far docker version"},
		{`echo "sh: docker: not found" >&2; exit 127`, "docker at ssh://me@far/x: sh: docker: not found", "ssh ssh://me@far docker version"},
		{`exit 255`, "exit status 255", "ssh ssh://me@far docker version"},
	} {
		choices(t, map[string]string{"DOCKER_HOST": "ssh://me@far/x"})
		log := farAway(t, "", c.script)
		_, err := asked(t.Context(), nil)
		mistaken(t, err, c.text, c.advice)
		ran(t, log)
	}
	choices(t, map[string]string{"DOCKER_HOST": "ssh://far"})
	t.Setenv("PATH", t.TempDir())
	_, err := asked(t.Context(), nil)
	mistaken(t, err, `"ssh": executable file not found`, "openssh-client")
}

// TestSSHHangs: a call ends with its context, and takes its process along.
func TestSSHHangs(t *testing.T) {
	path := filepath.Join(enginetest.ShortDir(t), "mute.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	choices(t, map[string]string{"DOCKER_HOST": "ssh://far"})
	log := farAway(t, path, forward)
	e, err := New(Options{Root: "."})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		// The process is there and has come through; nobody answers it.
		if conn, err := l.Accept(); err == nil {
			defer conn.Close()
			cancel()
			_, _ = io.Copy(io.Discard, conn) // until the process ends
		}
	}()
	if _, err := e.Info(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want the caller's own", err)
	}
	mistaken(t, e.silent(sshTime), fmt.Sprintf("no answer within %v", sshTime), "find out what holds it up: ssh ssh://far docker version")
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	ran(t, log)
}
