package lab

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// promises is what variants of well-known names must run.
var promises = map[string]string{
	"libc": "glibc", "glibc": "glibc", "musl": "musl", "jemalloc": "jemalloc", "mimalloc": "mimalloc",
	"gperftools": "gperftools", "tcmalloc": "gperftools", "tbbmalloc": "tbbmalloc", "scudo": "scudo",
}

func TestPromises(t *testing.T) {
	for name, want := range promises {
		if got, err := variant.Promise(name, ""); got != want || err != nil {
			t.Errorf("%s promises %q, %v; want %s", name, got, err, want)
		}
	}
}

const (
	libc     = "/lib/x86_64-linux-gnu/libc.so.6"
	jemalloc = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
	mimalloc = "/usr/lib/x86_64-linux-gnu/libmimalloc.so.2"
	self     = "/stepper"
)

// mapping is the memory maps of one process in which each file can be run.
func mapping(files ...string) processMaps {
	m := processMaps{process: bench.Process{PID: 7, Start: 1}}
	for _, f := range files {
		m.files = append(m.files, meter.MappedFile{Path: f, Executable: true})
	}
	return m
}

// refused fails the test unless an error says so, and its hint that.
func refused(t *testing.T, err error, want, advice string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("error %v; want one with %q", err, want)
	}
	if got := hint.Of(err); !strings.Contains(got, advice) {
		t.Errorf("hint of %v is %q; want one with %q", err, got, advice)
	}
}

// TestProve sabotages a variant in every way that a real one came to be wrong.
func TestProve(t *testing.T) {
	glibc := allocatorAnswer{Name: "glibc", File: libc, Linkage: "linked", Libc: "glibc"}
	je := allocatorAnswer{Name: "jemalloc", File: jemalloc, Linkage: "preloaded", Libc: "glibc", Knobs: map[string]string{"env.LD_PRELOAD": jemalloc}}
	inside := allocatorAnswer{Name: "jemalloc", File: self, Linkage: "linked", Libc: "glibc"}
	musl := allocatorAnswer{Name: "musl", Linkage: "static", Libc: "musl"}
	muslLinked := allocatorAnswer{Name: "musl", File: "/lib/ld-musl-x86_64.so.1", Linkage: "linked", Libc: "musl"}
	failedPreload := glibc
	failedPreload.Knobs = map[string]string{"env.LD_PRELOAD": "/usr/lib/libjemalloc.so.2"}
	data := mapping(self)
	data.files = append(data.files, meter.MappedFile{Path: jemalloc})

	for _, c := range []struct {
		name    string
		promise string
		answer  allocatorAnswer
		mapped  []processMaps
		want    string // part of the error; empty: proven
		hint    string
	}{
		{"glibc", "glibc", glibc, []processMaps{mapping(self, libc)}, "", ""},
		{"glibc of before 2.34", "glibc", glibc, []processMaps{mapping(self, "/lib/x86_64-linux-gnu/libc-2.31.so")}, "", ""},
		{"preloaded jemalloc", "jemalloc", je, []processMaps{mapping(self, jemalloc, libc)}, "", ""},
		{"jemalloc in the program", "jemalloc", inside, []processMaps{mapping(self, libc)}, "", ""},
		{"static musl", "musl", musl, []processMaps{mapping(self)}, "", ""},
		{"linked musl", "musl", muslLinked, []processMaps{mapping(self, "/usr/lib/x86_64-linux-musl/libc.so")}, "", ""},
		{"two processes", "jemalloc", je, []processMaps{mapping(self, jemalloc, libc), mapping("/child", jemalloc, libc)}, "", ""},
		{"preload missed", "jemalloc", failedPreload, []processMaps{mapping(self, libc)}, "runs glibc's malloc, not jemalloc", "LD_PRELOAD names /usr/lib/libjemalloc.so.2"},
		{"forgotten preload", "jemalloc", glibc, []processMaps{mapping(self, libc)}, "runs glibc's malloc, not jemalloc", "neither preloads"},
		{"preload on top of libc", "glibc", je, []processMaps{mapping(self, jemalloc, libc)}, "runs jemalloc's malloc, not glibc", "preloads and links"},
		{"mapped but not said", "glibc", glibc, []processMaps{mapping(self, jemalloc, libc)}, "has jemalloc in its memory maps", "check"},
		{"said but not mapped", "jemalloc", je, []processMaps{mapping(self, libc)}, "do not show it", "check"},
		{"mapped but not to be run", "jemalloc", je, []processMaps{data}, "do not show it", "check"},
		{"two at once", "jemalloc", je, []processMaps{mapping(self, jemalloc, mimalloc, libc)}, "has mimalloc in its memory maps", "check"},
		{"one of two processes", "jemalloc", je, []processMaps{mapping(self, jemalloc, libc), mapping("/child", libc)}, "do not show it", "check"},
		{"another program", "jemalloc", inside, []processMaps{mapping("/bin/sh", libc)}, "do not show it", "check"},
		{"musl beside glibc", "musl", musl, []processMaps{mapping(self, libc)}, "another C library", "check"},
		{"glibc from elsewhere", "glibc", allocatorAnswer{Name: "glibc", File: "/lib/libother.so", Linkage: "linked", Libc: "glibc"}, []processMaps{mapping(self, libc)}, "do not show it", "check"},
	} {
		t.Run(c.name, func(t *testing.T) {
			proof, err := prove(terms{variant: "v", promised: c.promise}, c.answer, c.mapped)
			if c.want == "" {
				if err != nil || proof.Allocator != c.promise {
					t.Fatalf("%+v, %v", proof, err)
				}
				return
			}
			refused(t, err, c.want, c.hint)
		})
	}
}

// TestNothingProvesNothing: whatever is promised, and however it is linked, the
// memory maps have to show it.
func TestNothingProvesNothing(t *testing.T) {
	file := map[string]string{
		"glibc":      libc,
		"musl":       "/lib/ld-musl-x86_64.so.1",
		"jemalloc":   jemalloc,
		"mimalloc":   mimalloc,
		"gperftools": "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4.5.9",
		"tbbmalloc":  "/usr/lib/x86_64-linux-gnu/libtbbmalloc_proxy.so.2.8",
		"scudo":      "/usr/lib/llvm-16/lib/clang/16/lib/linux/libclang_rt.scudo_standalone-x86_64.so",
	}
	for variant, promise := range promises {
		if file[promise] == "" {
			t.Fatalf("no file for %s", promise)
		}
		for _, linkage := range []string{"static", "linked"} {
			t.Run(variant+" "+linkage, func(t *testing.T) {
				answer := allocatorAnswer{Name: promise, Linkage: linkage, Libc: "glibc"}
				right := mapping(self)
				if linkage == "linked" {
					answer.File = file[promise]
					right = mapping(self, file[promise])
				}
				onlyRead := mapping()
				onlyRead.files = []meter.MappedFile{{Path: self}}
				proven := func(mapped ...processMaps) error {
					_, err := prove(terms{variant: variant, promised: promise}, answer, mapped)
					return err
				}
				if err := proven(right, right); err != nil {
					t.Error(err)
				}
				refused(t, proven(), "no process whose memory maps", "check")
				refused(t, proven(mapping()), "without any file in its memory maps", "check")
				refused(t, proven(right, mapping()), "without any file in its memory maps", "check")
				refused(t, proven(onlyRead), "do not show it", "check")
				if linkage == "static" {
					refused(t, proven(mapping(self, "/lib/libc.so.6")), "in its memory maps", "check")
				} else {
					refused(t, proven(mapping("/bin/other")), "do not show it", "check")
				}
			})
		}
	}
}

// TestReadMaps: a process that has ended is none, one that may not be read is an
// error.
func TestReadMaps(t *testing.T) {
	broken := errors.New("broken")
	answers := map[int]error{
		1: nil,
		2: fmt.Errorf("proc/2/maps: %w", meter.ErrEnded),
		3: &meter.DeniedError{Path: "proc/3/maps", Err: os.ErrPermission},
		4: broken,
	}
	read := func(p bench.Process) ([]meter.MappedFile, error) {
		return mapping(self).files, answers[p.PID]
	}
	maps, err := readMaps([]bench.Process{{PID: 2}, {PID: 1}}, read)
	if err != nil || len(maps) != 1 || maps[0].process.PID != 1 || len(maps[0].files) != 1 {
		t.Errorf("%v, %v; want those of process 1", maps, err)
	}
	_, err = readMaps([]bench.Process{{PID: 1}, {PID: 3}}, read)
	refused(t, err, "proc/3/maps: permission denied", "run as root")
	if _, err := readMaps([]bench.Process{{PID: 4}}, read); !errors.Is(err, broken) {
		t.Errorf("%v; want that it is broken", err)
	}
}
