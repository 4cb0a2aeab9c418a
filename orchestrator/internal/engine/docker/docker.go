// Package docker is the engine that builds and runs variants with Docker. It is
// the only package that knows Docker's API.
package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/client"
	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
)

// Deadlines of the calls to the engine. A call that outlives them is an error
// of its own, so that a hung engine never hangs a run.
const (
	infoTime  = 5 * time.Second  // is anybody there?
	quickTime = 20 * time.Second // questions
	slowTime  = 90 * time.Second // creating, starting and removing, on a busy disk
	listTime  = 2 * time.Minute  // the go command, which may fetch modules
	buildTime = 15 * time.Minute
)

// Options are the settings of an Engine. The zero value of each but Root has a
// meaning that suits most.
type Options struct {
	Root       string       // the project's folder: go.mod, Dockerfile.*, services
	Log        *slog.Logger // what the engine does, for --verbose; nil: nothing is logged
	Owner      engine.Owner // who answers for what is made; zero: this process
	SocketRoot string       // where the folders for the sockets are made; empty: engine.SocketRoot chooses
	// Client is the connection; nil: as DOCKER_HOST and its companions say.
	// Close closes it in either case.
	Client *client.Client
}

// Engine is an engine.Engine on a Docker daemon.
type Engine struct {
	api     *client.Client
	root    string
	log     *slog.Logger
	folders *engine.Folders
	asked   atomic.Pointer[system.Info] // what the daemon said of itself last
}

var _ engine.Engine = (*Engine)(nil)

// New connects to the Docker daemon that the environment names. It does not
// talk to it yet: Info is the first call.
func New(opts Options) (*Engine, error) {
	e := &Engine{api: opts.Client, log: opts.Log}
	var err error
	if e.root, err = filepath.Abs(opts.Root); err != nil {
		return nil, err
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.folders, err = engine.NewFolders(opts.SocketRoot, folderPrefix, opts.Owner); err != nil {
		return nil, err
	}
	if e.api == nil {
		// Without negotiation the client insists on its own API version,
		// which older daemons refuse.
		e.api, err = client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
		if err != nil {
			return nil, &engine.Hinted{
				Err:    fmt.Errorf("docker: %w", err),
				Advice: "check DOCKER_HOST, DOCKER_API_VERSION and DOCKER_CERT_PATH, or use --engine process",
			}
		}
	}
	return e, nil
}

// Close marks what is to be kept as kept, and closes the connection.
func (e *Engine) Close() error { return errors.Join(e.folders.Close(), e.api.Close()) }

// Info asks the daemon who it is. One that does not answer is an error with
// advice.
func (e *Engine) Info(ctx context.Context) (engine.Info, error) {
	info, err := e.info(ctx)
	if err != nil {
		return engine.Info{}, err
	}
	v := 0
	switch info.CgroupVersion {
	case "1":
		v = 1
	case "2":
		v = 2
	}
	return engine.Info{
		Name:    "docker",
		Version: info.ServerVersion,
		Storage: info.Driver,
		CgroupV: v,
		Remote:  remote(info),
	}, nil
}

func (e *Engine) info(ctx context.Context) (system.Info, error) {
	quick, cancel := context.WithTimeout(ctx, infoTime)
	defer cancel()
	info, err := e.api.Info(quick)
	switch {
	case ctx.Err() != nil:
		return system.Info{}, ctx.Err()
	case err != nil:
		return system.Info{}, e.unreachable(quick, err)
	}
	if info.OSType != "" && info.OSType != "linux" {
		return system.Info{}, &engine.Hinted{
			Err:    fmt.Errorf("docker at %s runs %s containers", e.api.DaemonHost(), info.OSType),
			Advice: "switch Docker to Linux containers, or use --engine process",
		}
	}
	e.asked.Store(&info)
	return info, nil
}

// known is what the daemon has said of itself; it is asked if nobody did yet.
func (e *Engine) known(ctx context.Context) (system.Info, error) {
	if info := e.asked.Load(); info != nil {
		return *info, nil
	}
	return e.info(ctx)
}

// remote says that the daemon's processes certainly are not this kernel's. How
// the daemon is reached says nothing: a socket may lead to another machine, and
// a port to this one.
func remote(info system.Info) bool {
	var here unix.Utsname
	return strings.Contains(info.OperatingSystem, "Docker Desktop") ||
		info.KernelVersion != "" && unix.Uname(&here) == nil && info.KernelVersion != unix.ByteSliceToString(here.Release[:])
}

func (e *Engine) unreachable(ctx context.Context, err error) error {
	host := e.api.DaemonHost()
	advice := "check that the daemon behind DOCKER_HOST runs, or use --engine process"
	if u, parseErr := url.Parse(host); parseErr == nil && u.Scheme == "unix" {
		advice = "start Docker (systemctl start docker), set DOCKER_HOST, or use --engine process"
		// The client's own words for these say less than the system does.
		_, statErr := os.Stat(u.Path)
		conn, dialErr := net.DialTimeout("unix", u.Path, time.Second)
		switch {
		case dialErr == nil:
			conn.Close()
			advice = "the socket answers, the daemon does not: see its log (journalctl -u docker), or use --engine process"
		case errors.Is(statErr, fs.ErrNotExist):
			err = fmt.Errorf("there is no %s", u.Path)
		case errors.Is(dialErr, fs.ErrPermission):
			err = fmt.Errorf("no permission on %s", u.Path)
			advice = "add yourself to the group that owns the socket (usermod -aG docker $USER, then log in again), or use --engine process"
		case errors.Is(dialErr, syscall.ECONNREFUSED):
			err = fmt.Errorf("nobody listens on %s", u.Path)
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %v", infoTime)
	}
	return &engine.Hinted{Err: fmt.Errorf("docker at %s: %w", host, err), Advice: advice}
}
