package lab

import (
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
)

func TestPromised(t *testing.T) {
	check := func(variant, label, want string) {
		t.Helper()
		got, err := promised(variant, engine.Image{Allocator: label})
		if want == "" {
			if err == nil {
				t.Errorf("%s with label %q promises %s; want an error", variant, label, got)
			}
			return
		}
		if err != nil || got != want {
			t.Errorf("%s with label %q promises %s, %v; want %s", variant, label, got, err, want)
		}
	}
	check("libc", "glibc", "glibc")
	check("libc", "", "glibc")
	check("jemalloc+decay", "jemalloc", "jemalloc")
	check("jemalloc-linked", "", "jemalloc")
	check("ours", "mimalloc", "mimalloc")
	check("ours", "", "")
	check("jemalloc", "glibc", "")
}

// TestProve sabotages a variant in every way that a real one came to be wrong.
func TestProve(t *testing.T) {
	const (
		libc     = "/lib/x86_64-linux-gnu/libc.so.6"
		jemalloc = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
		mimalloc = "/usr/lib/x86_64-linux-gnu/libmimalloc.so.2"
		self     = "/stepper"
	)
	glibc := allocatorAnswer{Name: "glibc", File: libc, Linkage: "linked", Libc: "glibc"}
	je := allocatorAnswer{Name: "jemalloc", File: jemalloc, Linkage: "preloaded", Libc: "glibc", Knobs: map[string]string{"env.LD_PRELOAD": jemalloc}}
	musl := allocatorAnswer{Name: "musl", Linkage: "static", Libc: "musl"}
	failedPreload := glibc
	failedPreload.Knobs = map[string]string{"env.LD_PRELOAD": "/usr/lib/libjemalloc.so.2"}

	for _, c := range []struct {
		name    string
		promise string
		answer  allocatorAnswer
		mapped  []string
		want    string // part of the error; empty: proven
		hint    string
	}{
		{"glibc", "glibc", glibc, []string{self, libc}, "", ""},
		{"preloaded jemalloc", "jemalloc", je, []string{self, jemalloc, libc}, "", ""},
		{"static musl", "musl", musl, []string{self}, "", ""},
		{"preload missed", "jemalloc", failedPreload, []string{self, libc}, "runs glibc's malloc, not jemalloc", "LD_PRELOAD names /usr/lib/libjemalloc.so.2"},
		{"forgotten preload", "jemalloc", glibc, []string{self, libc}, "runs glibc's malloc, not jemalloc", "neither preloads"},
		{"preload on top of libc", "glibc", je, []string{self, jemalloc, libc}, "runs jemalloc's malloc, not glibc", "preloads and links"},
		{"mapped but not said", "glibc", glibc, []string{self, jemalloc, libc}, "has jemalloc in its memory maps", "preloads and links"},
		{"said but not mapped", "jemalloc", je, []string{self, libc}, "do not show it", "see"},
		{"two at once", "jemalloc", je, []string{self, jemalloc, mimalloc, libc}, "has mimalloc in its memory maps", "see"},
		{"musl beside glibc", "musl", musl, []string{self, libc}, "another C library", "see"},
	} {
		t.Run(c.name, func(t *testing.T) {
			proof, err := prove("v", c.promise, c.answer, c.mapped)
			if c.want == "" {
				if err != nil || proof.Allocator != c.promise {
					t.Fatalf("%+v, %v", proof, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v; want one with %q", err, c.want)
			}
			hinted, ok := err.(interface{ Hint() string })
			if !ok || !strings.Contains(hinted.Hint(), c.hint) {
				t.Errorf("hint of %v; want one with %q", err, c.hint)
			}
		})
	}
}
