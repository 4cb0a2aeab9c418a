package variant

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

func TestDescribe(t *testing.T) {
	found := ours(t)
	check := func(spec string, want About) {
		t.Helper()
		picked, err := found.Pick(asked(spec))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Describe(found.root, picked[0])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(About{}, "Knobs")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", spec, diff)
		}
	}
	bookworm := []string{"golang:1.26-bookworm", "debian:bookworm-slim"}
	sid := []string{"golang:1.26-bookworm", "debian:sid-slim"}
	check("libc", About{Allocator: "glibc", Version: "2.36", Suite: "bookworm", Bases: bookworm})
	check("libc@sid,TRIM_MS=1", About{Allocator: "glibc", Version: "2.43", Suite: "sid", Bases: sid, Env: map[string]string{"TRIM_MS": "1"}})
	// Of what is not Debian's package no version is known.
	check("jemalloc", About{Allocator: "jemalloc", Suite: "bookworm", Bases: bookworm})
	check("alpine", About{Allocator: "musl", Bases: []string{"alpine:3.20"}})
	check("mimalloc@sid", About{
		Allocator: "mimalloc", Version: "3.6.0", Suite: "sid", Bases: sid,
		Run: []string{"libmimalloc3"}, Env: map[string]string{"LD_PRELOAD": "/usr/$LIB/libmimalloc.so.3"},
	})
	if _, err := Describe(found.root, bench.Variant{Name: "x", Dockerfile: "Dockerfile.x"}); err == nil {
		t.Error("one without a Dockerfile can be described")
	}
}

// TestShipped: what comes with the project is known, and each variant in a list that
// has no knobs is what its allocator is on its suite.
func TestShipped(t *testing.T) {
	found, err := Find(filepath.Join("..", "..", ".."), "libc")
	if err != nil || len(found.Skipped) > 0 {
		t.Fatal(err, found.Skipped)
	}
	origins, err := found.Origins()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, o := range origins {
		var versions []string
		for _, suite := range Suites() {
			if version, ok := o.Versions[suite]; ok {
				versions = append(versions, suite+" "+version)
			}
		}
		all = append(all, o.Name+": "+strings.Join(versions, ", ")+", "+o.Linkage)
	}
	want := []string{
		"gperftools: bookworm 2.10, trixie 2.16, sid 2.18.1, preloaded",
		"jemalloc: bookworm 5.3.0, trixie 5.3.0, sid 5.3.1, preloaded",
		"libc: bookworm 2.36, trixie 2.41, sid 2.43, libc",
		"mimalloc: bookworm 2.0.9, trixie 3.0.1, sid 3.6.0, preloaded",
		"musl: bookworm 1.2.3, trixie 1.2.5, sid 1.2.6, static",
		"rpmalloc: sid 2.0.1, preloaded",
		"scudo: bookworm 16, trixie 19, sid 21, preloaded",
		"tbbmalloc: bookworm 2021.8, trixie 2022.1, sid 2023.1, preloaded",
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	least := map[string]int{"stock": 8, "versions": 22, "tuned": 12, "all": 20}
	for _, l := range found.Lists() {
		if l.Err != nil || len(l.Names) < max(1, least[l.Name]) {
			t.Errorf("%s: %v: %q", l.Name, l.Err, l.Names)
		}
		delete(least, l.Name)
		chosen, err := found.Choose(asked(":"+l.Name), "libc")
		if err != nil || len(chosen.Variants) != len(l.Names) || len(chosen.Notes) > 0 {
			t.Errorf("%s: %v, %q, %d of %d", l.Name, err, chosen.Notes, len(chosen.Variants), len(l.Names))
		}
	}
	if len(least) > 0 {
		t.Errorf("missing: %v", least)
	}
	everything, err := found.Everything()
	if err != nil {
		t.Fatal(err)
	}
	if picked, err := found.Pick(everything); err != nil || len(picked) < 20 {
		t.Errorf("everything is %d variants, %v", len(picked), err)
	}
}

func TestKnobsIn(t *testing.T) {
	check := func(allocator, version, env, key, inert string) {
		t.Helper()
		found, over := 0, false
		for _, k := range knobsIn(allocator, version) {
			if over && k.Inert == "" {
				t.Errorf("%s %s: %s stands behind those without an effect", allocator, version, k.Env)
			}
			over = k.Inert != ""
			if k.Env != env || k.Key != key {
				continue
			}
			found++
			if k.Inert != inert {
				t.Errorf("%s %s: %s %s: %q; want %q", allocator, version, env, key, k.Inert, inert)
			}
		}
		if found != 1 {
			t.Errorf("%s %s has %s %s %d times", allocator, version, env, key, found)
		}
	}
	check("mimalloc", "2.0.9", "MIMALLOC_PURGE_DELAY", "", "it comes with 2.1")
	check("mimalloc", "2.0.9", "MIMALLOC_DECOMMIT_DELAY", "", "")
	check("mimalloc", "3.6.0", "MIMALLOC_PURGE_DELAY", "", "")
	check("glibc", "2.43", "GLIBC_TUNABLES", "glibc.malloc.mxfast", "fastbins are gone")
	check("glibc", "", "GLIBC_TUNABLES", "glibc.malloc.mxfast", "")
}
