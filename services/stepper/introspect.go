package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/services/stepper/internal/malloc"
)

// allocatorAnswer is the body of GET /allocator: what this process runs.
type allocatorAnswer struct {
	malloc.Identity
	Program    string `json:"program"`       // path of the service's own file
	Binary     string `json:"binary_sha256"` // of that file, in hex; empty: it could not be read
	Workers    int    `json:"workers"`
	Threads    string `json:"threads"` // hop or stick
	GoMaxProcs int    `json:"gomaxprocs"`
	GoGC       int    `json:"gogc"`       // per cent
	GoMemLimit int64  `json:"gomemlimit"` // bytes
	GoVersion  string `json:"go_version"`
	SleepMS    int64  `json:"sleep_ms"`
}

// memoryAnswer is the body of GET /memory. All figures are bytes unless they
// say otherwise.
type memoryAnswer struct {
	LiveRequested int64            `json:"live_requested_bytes"` // asked of malloc and not yet freed
	LiveUsable    int64            `json:"live_usable_bytes"`    // the same blocks by malloc_usable_size
	LiveBlocks    int64            `json:"live_blocks"`
	Allocs        uint64           `json:"allocs"` // since the start
	Frees         uint64           `json:"frees"`
	Reallocs      uint64           `json:"reallocs"`
	Documents     int64            `json:"documents"`     // requests that hold a document now
	GoLow         int64            `json:"go_low_bytes"`  // Go's share at least: objects and stacks
	GoHigh        int64            `json:"go_high_bytes"` // at most: mapped by the runtime and not returned
	Staging       int64            `json:"staging_bytes"` // resident in the mappings that bodies arrive in
	OSThreads     int              `json:"os_threads"`
	Allocator     map[string]int64 `json:"allocator,omitempty"` // its own statistics, under its own names
}

// introspector answers about the process itself. Everything that may touch the
// allocator runs on the main thread (see mainThread).
type introspector struct {
	pool    *pool
	widgets *widgets
	stick   bool
	trim    time.Duration
	main    mainThread

	mu    sync.Mutex // guards what follows
	facts *facts     // nil: not asked for yet
}

// facts are what does not change in the life of the process. To find them out
// takes work that a measurement would see, so it is done once.
type facts struct {
	knobs           map[string]string
	program, binary string
}

// once gives the facts; false: ctx ended before they were known.
func (s *introspector) once(ctx context.Context, allocator string) (*facts, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.facts != nil {
		return s.facts, true
	}
	f := &facts{}
	if !s.main.do(ctx, func() { f.knobs = malloc.Knobs(allocator) }) {
		return nil, false
	}
	for name, value := range malloc.Tunables(ctx) {
		if allocator == "glibc" && strings.HasPrefix(name, "glibc.malloc.") || strings.Contains(os.Getenv("GLIBC_TUNABLES"), name+"=") {
			f.knobs[name] = value
		}
	}
	var err error
	if f.program, f.binary, err = malloc.Program(); err != nil {
		s.widgets.log.Warn("read the own program", "error", err)
	}
	if ctx.Err() == nil {
		s.facts = f
	}
	return f, ctx.Err() == nil
}

func (s *introspector) allocator(w http.ResponseWriter, r *http.Request) {
	a := allocatorAnswer{
		Workers:    len(s.pool.workers),
		Threads:    threadsHop,
		GoMaxProcs: runtime.GOMAXPROCS(0),
		GoVersion:  runtime.Version(),
		SleepMS:    s.widgets.sleep.Milliseconds(),
	}
	if s.stick {
		a.Threads = threadsStick
	}
	a.GoGC, a.GoMemLimit = goLimits()
	if !s.main.do(r.Context(), func() { a.Identity = malloc.Identify() }) {
		return
	}
	f, known := s.once(r.Context(), a.Name)
	if !known {
		return
	}
	a.Knobs, a.Program, a.Binary = maps.Clone(f.knobs), f.program, f.binary
	if n := s.widgets.ballast.percent; n > 0 {
		a.Knobs["env.BALLAST"] = strconv.Itoa(n)
	}
	if s.trim > 0 {
		a.Knobs["TRIM_MS"] = strconv.FormatInt(s.trim.Milliseconds(), 10)
	}
	writeJSON(w, a)
}

// memory answers GET /memory; with ?statistics=false without the allocator's
// own statistics, whose reading takes the allocator's locks.
func (s *introspector) memory(w http.ResponseWriter, r *http.Request) {
	var a memoryAnswer
	withStatistics := r.URL.Query().Get("statistics") != "false"
	if !s.main.do(r.Context(), func() {
		c := malloc.Count(s.pool.heaps())
		a.LiveRequested, a.LiveUsable, a.LiveBlocks = c.Requested, c.Usable, c.Blocks
		a.Allocs, a.Frees, a.Reallocs = c.Allocs, c.Frees, c.Reallocs
		if withStatistics {
			a.Allocator = malloc.Statistics()
		}
	}) {
		return
	}
	a.Documents = s.widgets.held.Load()
	a.GoLow, a.GoHigh = goShare()
	a.Staging = s.widgets.staging.resident.Load()
	a.OSThreads = osThreads()
	writeJSON(w, a)
}

// goShare brackets the Go runtime's part of the process's resident memory. The
// runtime counts pages that it mapped but never touched, so the truth lies
// between what is in use and what is mapped and not returned.
func goShare() (low, high int64) {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	v := func(i int) int64 { return int64(samples[i].Value.Uint64()) }
	return v(0) + v(1), v(2) - v(3)
}

// goLimits reads the garbage collector's settings back.
func goLimits() (gogc int, memLimit int64) {
	samples := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(samples)
	gogc = int(samples[0].Value.Uint64())
	if samples[0].Value.Uint64() == math.MaxUint64 {
		gogc = -1
	}
	return gogc, debug.SetMemoryLimit(-1)
}

// osThreads counts the threads of this process; 0 where /proc does not tell.
func osThreads() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "\nThreads:")
	var n int
	if _, err := fmt.Sscan(rest, &n); err != nil {
		return 0
	}
	return n
}

func writeJSON(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		text(w, http.StatusInternalServerError, "internal error: "+err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	write(w, http.StatusOK, append(body, '\n'))
}
