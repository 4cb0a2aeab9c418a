package dockerfile

import (
	"slices"
	"testing"
)

const onDebian = `ARG BUILD_BASE=golang:1.26-bookworm@sha256:0123
ARG RUN_BASE=debian:bookworm-slim@sha256:4567
FROM ${BUILD_BASE} AS build
ARG BUILD_PACKAGES="gcc"
FROM ${RUN_BASE}
ARG RUN_PACKAGES="libone"
ARG LIBRARY=one.so
ENV LD_PRELOAD=${LIBRARY}
`

func TestGiven(t *testing.T) {
	d, err := Parse(onDebian)
	if err != nil {
		t.Fatal(err)
	}
	given := d.Given(map[string]string{"RUN_BASE": "debian:sid-slim", "RUN_PACKAGES": "libtwo libthree"}).Given(map[string]string{"LIBRARY": "two.so"})
	if got := given.Walk(1, nil, nil).Env["LD_PRELOAD"]; got != "two.so" {
		t.Errorf("preloads %q", got)
	}
	if got := given.Packages("debian:sid-slim", RunPackages); !slices.Equal(got, []string{"libtwo", "libthree"}) {
		t.Errorf("asks for %q", got)
	}
	if got := given.Bases(); len(got) != 2 || got[1] != (Base{"debian:sid-slim", "RUN_BASE"}) {
		t.Errorf("starts from %v", got)
	}
	// What it was made from is as it was.
	if got := d.Packages("", RunPackages); !slices.Equal(got, []string{"libone"}) || d.Walk(1, nil, nil).Env["LD_PRELOAD"] != "one.so" {
		t.Errorf("asks for %q without being given anything", got)
	}
	if !d.Takes("LIBRARY") || d.Takes("LD_PRELOAD") {
		t.Errorf("takes %q", d.ArgNames())
	}
}

func TestSuite(t *testing.T) {
	check := func(text, suite, on, arg, image string) {
		t.Helper()
		d, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Suite(); got != suite {
			t.Errorf("suite %q, want %q", got, suite)
		}
		gotArg, gotImage, err := d.OnSuite(on)
		if gotArg != arg || gotImage != image || (err != nil) != (arg == "") {
			t.Errorf("on %s: %q, %q, %v; want %q, %q", on, gotArg, gotImage, err, arg, image)
		}
	}
	check(onDebian, "bookworm", "sid", "RUN_BASE", "debian:sid-slim")
	check(onDebian, "bookworm", "bookworm", "RUN_BASE", "debian:bookworm-slim@sha256:4567")
	// A static program runs on nothing: what it is built on counts.
	check("ARG BUILD_BASE=golang:1.26-bookworm\nFROM ${BUILD_BASE} AS build\nFROM scratch\n", "bookworm", "trixie", "BUILD_BASE", "golang:1.26-trixie")
	check("ARG RUN_BASE=alpine:3\nFROM ${RUN_BASE}\n", "", "sid", "", "")
	check("FROM debian:bookworm\n", "", "sid", "", "")
}
