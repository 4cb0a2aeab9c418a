// Package docker is the engine that builds and runs variants with Docker. It is
// the only package that knows Docker's API.
package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/client"
	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// Deadlines of the calls to the engine. A call that outlives them is an error
// of its own, so that a hung engine never hangs a run.
const (
	infoTime   = 5 * time.Second  // is anybody there?
	sshTime    = 30 * time.Second // the same, over ssh, which tells of its own failures after 10 s, twice
	quickTime  = 20 * time.Second // questions
	slowTime   = 90 * time.Second // creating, starting and removing, on a busy disk
	removeTime = time.Minute      // removing what is small, from a daemon that may be restarting
	listTime   = 2 * time.Minute  // the go command, which may fetch modules
	buildTime  = 15 * time.Minute
)

// Options are the settings of an Engine. The zero value of each but Root has a
// meaning that suits most.
type Options struct {
	Root       string       // the project's folder: go.mod, Dockerfile.*, services
	Log        *slog.Logger // what goes wrong and stops nothing; nil: nothing is logged
	Owner      runs.Owner   // who answers for what is made; zero: this process
	SocketRoot string       // where the folders for the sockets are made; empty: runs.SocketRoot chooses
	// Client is the connection; nil: to the daemon that the docker command would
	// talk to. Close closes it in either case.
	Client *client.Client
}

// Engine is an engine.Engine on a Docker daemon.
type Engine struct {
	api     *client.Client
	daemon  endpoint
	wire    *wire
	root    string
	log     *slog.Logger
	folders *runs.Folders
	marker  marker
	asked   atomic.Pointer[system.Info] // what the daemon said of itself last
}

var _ engine.Engine = (*Engine)(nil)

// New connects to the Docker daemon that the environment and the docker
// command's settings name. It does not talk to it yet: Info is the first call.
func New(opts Options) (*Engine, error) {
	e := &Engine{api: opts.Client, log: opts.Log}
	var err error
	if e.root, err = filepath.Abs(opts.Root); err != nil {
		return nil, err
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.folders, err = runs.NewFolders(opts.SocketRoot, folderPrefix, opts.Owner); err != nil {
		return nil, err
	}
	if e.api != nil {
		e.daemon = endpoint{context: defaultContext}
		e.daemon.Host = e.api.DaemonHost()
		e.wire, err = newWire(e.daemon.Host)
		return e, err
	}
	if e.daemon, err = choose(e.log); err != nil {
		return nil, err
	}
	if e.api, e.wire, err = e.daemon.connect(); err != nil {
		return nil, err
	}
	return e, nil
}

// Close marks what is to be kept as kept, says that this run is over, and closes
// the connection.
func (e *Engine) Close() error {
	err := errors.Join(e.folders.Close(), e.retire(context.Background()), e.api.Close())
	e.wire.Close()
	return err
}

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
	named := e.daemon.context
	if named == defaultContext {
		named = ""
	}
	return engine.Info{
		Context: named,
		Name:    "docker",
		Version: info.ServerVersion,
		Storage: info.Driver,
		Root:    info.DockerRootDir,
		CgroupV: v,
		Remote:  remote(info),
		Blind:   blind(info.SecurityOptions, os.Getuid()),
	}, nil
}

func (e *Engine) info(ctx context.Context) (system.Info, error) {
	patience := infoTime
	if e.wire.ssh {
		patience = sshTime
	}
	quick, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	info, err := e.ask(quick)
	switch {
	case ctx.Err() != nil:
		return system.Info{}, ctx.Err()
	case err != nil && quick.Err() != nil:
		return system.Info{}, e.silent(patience)
	case err != nil:
		return system.Info{}, e.unreachable(quick, err)
	}
	if info.OSType != "" && info.OSType != "linux" {
		return system.Info{}, &hint.Error{
			Err:    fmt.Errorf("docker at %s runs %s containers", e.daemon.Host, info.OSType),
			Advice: "switch Docker to Linux containers",
		}
	}
	if err := e.age(info.ServerVersion); err != nil {
		return system.Info{}, err
	}
	e.asked.Store(&info)
	return info, nil
}

// ask asks again where a connection broke: a request and the daemon's reason to
// hang up, such as a TLS alert, pass each other now and then.
func (e *Engine) ask(ctx context.Context) (info system.Info, err error) {
	for range 3 {
		if info, err = e.api.Info(ctx); !broke(err) {
			break
		}
	}
	return info, err
}

// broke says that a connection ended while it was in use.
func broke(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

// known is what the daemon has said of itself; it is asked if nobody did yet.
func (e *Engine) known(ctx context.Context) (system.Info, error) {
	if info := e.asked.Load(); info != nil {
		return *info, nil
	}
	return e.info(ctx)
}

// blind says why the memory of containers cannot be read here; "": it can, as far
// as can be told before there is one. Of a daemon without privileges it depends on
// who owns its user namespace, which a container shows.
func blind(security []string, uid int) string {
	if slices.ContainsFunc(security, func(option string) bool { return strings.Contains(option, "name=rootless") }) {
		return ""
	}
	able, err := proc.Capable(unix.CAP_SYS_PTRACE)
	switch {
	case err != nil || able:
		return "" // that it cannot be read, the first reading says
	case uid == 0:
		return "the kernel shows the memory of other users' processes to none without CAP_SYS_PTRACE, and this root is without"
	}
	return "the kernel shows the memory of other users' processes to root alone"
}

// remote says that the daemon's processes certainly are not this kernel's. How
// the daemon is reached says nothing: a socket may lead to another machine, and
// a port to this one.
func remote(info system.Info) bool {
	var here unix.Utsname
	return strings.Contains(info.OperatingSystem, "Docker Desktop") ||
		info.KernelVersion != "" && unix.Uname(&here) == nil && info.KernelVersion != unix.ByteSliceToString(here.Release[:])
}
