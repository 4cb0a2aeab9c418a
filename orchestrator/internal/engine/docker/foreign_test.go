package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// proxied gives an address on a port that leads to the daemon.
func proxied(t *testing.T, daemon string) string {
	t.Helper()
	to, err := url.Parse(daemon)
	needs.Setup(t, err == nil && to.Scheme == "unix", "the daemon is not at a socket of this machine: "+daemon)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return // it was closed
			}
			all.Go(func() {
				defer from.Close()
				up, err := net.Dial("unix", to.Path)
				if err != nil {
					t.Error(err)
					return
				}
				defer up.Close()
				var back sync.WaitGroup
				back.Go(func() {
					_, _ = io.Copy(from, up) // either side may hang up
					_ = from.(*net.TCPConn).CloseWrite()
				})
				_, _ = io.Copy(up, from)
				_ = up.(*net.UnixConn).CloseWrite()
				back.Wait()
			})
		}
	})
	return "tcp://" + l.Addr().String()
}

// foreignVariable tells this test's program, started once more in namespaces of
// its own, what to start or sweep there, as JSON.
const foreignVariable = "STEPPER_DOCKER_TEST_FOREIGN"

type foreignOrder struct {
	Root, Sockets string
	Owner         string       // empty: the process that does it
	Image         engine.Image // zero: sweep
}

// obeyed has an order obeyed in a new namespace of processes, and gives what was
// told.
func obeyed(ctx context.Context, t *testing.T, o foreignOrder) string {
	t.Helper()
	needs.Root(t, "make a namespace of processes")
	order, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Env = append(os.Environ(), foreignVariable+"="+string(order))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// TestWhereTheEngineIs: a daemon that is reached over a port and whose processes
// are here is local; from another namespace of processes, it is not.
func TestWhereTheEngineIs(t *testing.T) {
	api := daemon(t)
	root, variant := enginetest.Project(t, false)
	variant.Name = "where"
	sockets := enginetest.ShortDir(t)
	if err := os.Chmod(sockets, 0o711); err != nil {
		t.Fatal(err)
	}
	tcp, err := client.NewClientWithOpts(client.WithHost(proxied(t, api.DaemonHost())), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Root: root, SocketRoot: sockets, Client: tcp})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	images, err := engine.Images(e.Prepare(ctx, variants(variant), nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := api.ImageRemove(context.Background(), images[0].Name, image.RemoveOptions{PruneChildren: true}); err != nil {
			t.Error(err)
		}
	}()
	if info, err := e.Info(ctx); err != nil || info.Remote {
		t.Errorf("Info = %+v, %v; want one that is not remote", info, err)
	}
	in, err := e.Start(ctx, engine.Spec{Image: images[0], RunID: "where"})
	if err != nil {
		t.Fatal(err)
	}
	list, err := in.Processes(ctx)
	if err != nil || len(list) != 1 {
		t.Errorf("Processes = %v, %v; want one", list, err)
	}
	if err := in.Remove(ctx); err != nil {
		t.Error(err)
	}

	owner, err := runs.Self()
	if err != nil {
		t.Fatal(err)
	}
	told := obeyed(ctx, t, foreignOrder{root, sockets, owner.String(), images[0]})
	if !strings.HasPrefix(told, "start where: this host's /proc is not the engine's: process ") || !strings.Contains(told, "--pid=host") {
		t.Errorf("from another namespace: %s", told)
	}
	left, err := api.ContainerList(ctx, container.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", labelVariant+"="+variant.Name)),
	})
	if err != nil || len(left) > 0 {
		t.Errorf("containers left: %v, %v", left, err)
	}
}

// fromElsewhere is the other side of obeyed: in it, this process has the number
// 1. It gives the error of a start and its hint, or what a sweep did.
func fromElsewhere(text string) (string, error) {
	err := errors.Join(
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("proc", "/proc", "proc", 0, ""))
	if err != nil {
		return "", err
	}
	var order foreignOrder
	if err := json.Unmarshal([]byte(text), &order); err != nil {
		return "", err
	}
	var owner runs.Owner
	if order.Owner != "" {
		var err error
		if owner, err = runs.ParseOwner(order.Owner); err != nil {
			return "", err
		}
	}
	e, err := New(Options{Root: order.Root, SocketRoot: order.Sockets, Owner: owner})
	if err != nil {
		return "", err
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if order.Image == (engine.Image{}) {
		cleared, err := e.Sweep(ctx)
		return strings.Join(append(cleared.Left, cleared.Removed...), "\n"), err
	}
	in, err := e.Start(ctx, engine.Spec{Image: order.Image, RunID: "elsewhere"})
	if err == nil {
		return "", errors.Join(errors.New("it started"), in.Remove(ctx))
	}
	hinted, ok := errors.AsType[*hint.Error](err)
	if !ok {
		return "", err
	}
	return err.Error() + "\n" + hinted.Hint(), nil
}

func TestMain(m *testing.M) {
	if socket := os.Getenv(dialVariable); socket != "" {
		if err := dialStdio(socket); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if order := os.Getenv(foreignVariable); order != "" {
		text, err := fromElsewhere(order)
		if err != nil {
			text = "error: " + err.Error()
		}
		fmt.Println(text)
		return
	}
	os.Exit(m.Run())
}
