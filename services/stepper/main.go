// Stepper is the web service under test: it does JSON work on the C heap, so
// that the allocator behind malloc shows in the process's memory.
//
// POST /widgets takes {"payload": <any JSON>}, parses it to a tree of blocks,
// clones the tree, serialises it, sleeps with all three alive, frees them and
// answers {"id": ..., "size": ...}. GET /healthz says that it serves; GET
// /allocator says which allocator it runs; GET /memory what is on its heaps.
//
// It is configured by its environment:
//
//	ADDR      TCP address to listen on (default :3000)
//	SOCKET    path of a unix socket to listen on as well (none)
//	SLEEP_MS  milliseconds of sleep in the handler (150)
//	WORKERS   OS threads that do the C-heap work (the number of CPUs)
//	THREADS   hop: the free may run on any worker; stick: a request stays on
//	          one worker (hop)
//	TRIM_MS   milliseconds between two calls of malloc_trim(0) on the main
//	          thread, with glibc's malloc alone (none)
//	BALLAST   for tests: per cent that requests hold in memory beyond what
//	          they need, in further copies of their trees (0)
//
// SIGTERM or SIGINT ends it after the requests under way.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/mux"

	"github.com/stair-stepper/stair-stepper/services/stepper/internal/malloc"
)

// The Go heap is kept small and alike in all variants, whatever the environment
// says.
const (
	goGC       = 100
	goMemLimit = 64 << 20
)

const (
	threadsHop   = "hop"
	threadsStick = "stick"
)

// shutdownGrace bounds the wait for requests under way at the end, beside their
// sleep. It leaves something of the 10 s that Docker waits before it kills.
const shutdownGrace = 8 * time.Second

// The one init of the project: the main goroutine stays on the main thread, so
// that no worker ever runs on it and owns the arena that grows by brk.
func init() { runtime.LockOSThread() }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Getenv, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "stepper:", err)
		os.Exit(1)
	}
}

// config is what the environment asks for.
type config struct {
	addr    string
	socket  string
	sleep   time.Duration
	workers int
	stick   bool
	ballast int           // per cent
	trim    time.Duration // 0: never
}

// readConfig reads the environment; a variable that is empty counts as not set.
func readConfig(getenv func(string) string) (config, error) {
	c := config{addr: ":3000", socket: getenv("SOCKET"), sleep: 150 * time.Millisecond, workers: runtime.NumCPU()}
	if addr := getenv("ADDR"); addr != "" {
		c.addr = addr
	}
	if s := getenv("SLEEP_MS"); s != "" {
		ms, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			return c, fmt.Errorf("SLEEP_MS is %q: it must be a whole number of milliseconds from 0 to %d, such as 150", s, math.MaxInt32)
		}
		c.sleep = time.Duration(ms) * time.Millisecond
	}
	if s := getenv("WORKERS"); s != "" {
		n, err := strconv.ParseUint(s, 10, 16)
		if err != nil || n == 0 || n > 1024 {
			return c, fmt.Errorf("WORKERS is %q: it must be a number of threads from 1 to 1024", s)
		}
		c.workers = int(n)
	}
	if s := getenv("TRIM_MS"); s != "" {
		ms, err := strconv.ParseUint(s, 10, 31)
		if err != nil || ms == 0 {
			return c, fmt.Errorf("TRIM_MS is %q: it must be a whole number of milliseconds from 1 to %d, such as 1000", s, math.MaxInt32)
		}
		c.trim = time.Duration(ms) * time.Millisecond
	}
	if s := getenv("BALLAST"); s != "" {
		n, err := strconv.ParseUint(s, 10, 16)
		if err != nil || n > mostBallast {
			return c, fmt.Errorf("BALLAST is %q: it must be a whole number of per cent from 0 to %d, such as 20", s, mostBallast)
		}
		c.ballast = int(n)
	}
	switch s := getenv("THREADS"); s {
	case "", threadsHop:
	case threadsStick:
		c.stick = true
	default:
		return c, fmt.Errorf("THREADS is %q: it must be %s or %s", s, threadsHop, threadsStick)
	}
	return c, nil
}

// run serves until ctx ends. It must be called on the main thread, which does
// the work handed to mainThread meanwhile.
func run(ctx context.Context, getenv func(string) string, stderr io.Writer) error {
	log := slog.New(slog.NewTextHandler(stderr, nil))
	conf, err := readConfig(getenv)
	if err != nil {
		return err
	}
	if conf.trim > 0 {
		if name := malloc.Identify().Name; name != "glibc" {
			return fmt.Errorf("TRIM_MS is set, but malloc_trim is glibc's alone and malloc is %s's", name)
		}
	}
	debug.SetGCPercent(goGC)
	debug.SetMemoryLimit(goMemLimit)

	// The workers come first: each gets an arena before other threads do.
	pool, err := newPool(conf.workers, conf.stick)
	if err != nil {
		return err
	}
	defer pool.close()
	listeners, err := listen(conf)
	if err != nil {
		return err
	}

	onMain := mainThread(make(chan func()))
	widgets := &widgets{pool: pool, sleep: conf.sleep, log: log, ballast: ballast{percent: conf.ballast}}
	server := &http.Server{
		Handler:           routes(widgets, &introspector{pool: pool, widgets: widgets, stick: conf.stick, trim: conf.trim, main: onMain}),
		ReadHeaderTimeout: 30 * time.Second,
		ReadTimeout:       2 * time.Minute,
		IdleTimeout:       5 * time.Minute,

		DisableGeneralOptionsHandler: true, // OPTIONS * is a path like another
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, len(listeners))
	for _, l := range listeners {
		log.Info("listening", "network", l.Addr().Network(), "address", l.Addr().String())
		go func() { served <- server.Serve(l) }()
	}

	ended := make(chan error, 1)
	s := serving{server: server, served: served, listeners: len(listeners), grace: conf.sleep + shutdownGrace}
	go func() { ended <- s.until(ctx) }()
	trimming, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	if conf.trim > 0 {
		beside.Go(func() { onMain.every(trimming, conf.trim, func() { malloc.Trim() }) })
	}
	return onMain.serve(ended)
}

// serving is a server at work.
type serving struct {
	server    *http.Server
	served    <-chan error // why a listener ended, one for each
	listeners int
	grace     time.Duration // for the requests under way at the end
}

// until waits for ctx or for a listener that breaks, ends the server within the
// grace and gives all that went wrong.
func (s serving) until(ctx context.Context) error {
	var failed error
	open := s.listeners
	select {
	case <-ctx.Done():
	case failed = <-s.served:
		open--
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.grace)
	defer cancel()
	if err := s.server.Shutdown(bounded); err != nil {
		failed = errors.Join(failed, fmt.Errorf("shut down: %w", err), s.server.Close())
	}
	for range open {
		if err := <-s.served; !errors.Is(err, http.ErrServerClosed) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// listen opens the TCP address and, if there is one, the unix socket. A socket
// file that a killed process left behind is replaced.
func listen(conf config) ([]net.Listener, error) {
	tcp, err := net.Listen("tcp", conf.addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if conf.socket == "" {
		return []net.Listener{tcp}, nil
	}
	if conn, err := net.Dial("unix", conf.socket); err == nil {
		return nil, errors.Join(fmt.Errorf("listen on SOCKET: %s is in use", conf.socket), conn.Close(), tcp.Close())
	}
	if info, err := os.Lstat(conf.socket); err == nil && info.Mode()&os.ModeSocket != 0 {
		if err := os.Remove(conf.socket); err != nil {
			return nil, errors.Join(fmt.Errorf("replace the old socket: %w", err), tcp.Close())
		}
	}
	unix, err := net.Listen("unix", conf.socket)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen on SOCKET: %w", err), tcp.Close())
	}
	// Whoever may enter the folder may connect.
	if err := os.Chmod(conf.socket, 0o666); err != nil {
		return nil, errors.Join(fmt.Errorf("open the socket to others: %w", err), tcp.Close(), unix.Close())
	}
	return []net.Listener{tcp, unix}, nil
}

func routes(w *widgets, s *introspector) http.Handler {
	// The path counts as it was sent: no cleaning, no redirect, no decoding.
	r := mux.NewRouter().SkipClean(true).UseEncodedPath()
	r.Handle("/widgets", w).Methods(http.MethodPost)
	r.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "ok\n") }).Methods(http.MethodGet)
	r.HandleFunc("/allocator", s.allocator).Methods(http.MethodGet)
	r.HandleFunc("/memory", s.memory).Methods(http.MethodGet)
	r.NotFoundHandler = empty(http.StatusNotFound, "")
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		allow := http.MethodGet
		if r.URL.EscapedPath() == "/widgets" {
			allow = http.MethodPost
		}
		empty(http.StatusMethodNotAllowed, allow).ServeHTTP(w, r)
	})
	return r
}

// empty answers with a status and no body.
func empty(status int, allow string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if allow != "" {
			w.Header().Set("Allow", allow)
		}
		write(w, status, nil)
	})
}
