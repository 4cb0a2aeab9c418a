package docker

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// TestImageNames: what is built in the same way has one name, and nothing else
// has it.
func TestImageNames(t *testing.T) {
	e, err := New(Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	keys := map[string]string{} // by name
	check := func(v bench.Variant, want string) {
		t.Helper()
		o := e.order(v)
		if o.err != nil {
			t.Fatal(o.err)
		}
		name := o.name(e.root)
		if ok, err := regexp.MatchString("^"+want+"$", name); err != nil || !ok {
			t.Errorf("%+v: %s; want %s (%v)", v, name, want, err)
		}
		if key, seen := keys[name]; seen && key != o.key() {
			t.Errorf("%s is the name of two builds", name)
		}
		keys[name] = o.key()
	}
	check(bench.Variant{Dockerfile: "Dockerfile.libc"}, "libc")
	check(bench.Variant{Dockerfile: "Dockerfile.libc", Suite: "bookworm"}, "libc")
	check(bench.Variant{Name: "two", Dockerfile: "Dockerfile.libc", Env: map[string]string{"MALLOC_ARENA_MAX": "2"}}, "libc")
	check(bench.Variant{Dockerfile: "Dockerfile.libc", Suite: "trixie"}, "libc-trixie")
	check(bench.Variant{Dockerfile: "Dockerfile.musl", Suite: "sid"}, "musl-sid")
	linked := map[string]string{"LINK": "linked"}
	check(bench.Variant{Dockerfile: "Dockerfile.jemalloc", Args: linked}, "jemalloc-[0-9a-f]{8}")
	check(bench.Variant{Dockerfile: "Dockerfile.jemalloc", Suite: "sid", Args: linked}, "jemalloc-sid-[0-9a-f]{8}")
	for _, allocator := range variant.Packaged() {
		for _, r := range variant.Releases(allocator) {
			v := bench.Variant{Dockerfile: preload, Suite: r.Suite, Args: r.Args(allocator)}
			check(v, allocator+"-"+r.Suite)
			v.Args = maps.Clone(v.Args)
			v.Args["LIBRARY"] = "/other.so"
			check(v, allocator+"-"+r.Suite+"-[0-9a-f]{8}")
		}
	}

	// The name of a suite's image may be a Dockerfile's as well.
	other := t.TempDir()
	for _, name := range []string{"Dockerfile.libc", "Dockerfile.libc-sid"} {
		if err := os.WriteFile(filepath.Join(other, name), []byte("ARG RUN_BASE=debian:bookworm-slim\nFROM ${RUN_BASE}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	e.root, keys = other, map[string]string{}
	check(bench.Variant{Dockerfile: "Dockerfile.libc-sid"}, "libc-sid")
	check(bench.Variant{Dockerfile: "Dockerfile.libc", Suite: "sid"}, "libc-sid-[0-9a-f]{8}")
}

// mixed is a project with Dockerfiles that cannot be built, for several reasons.
func mixed(t *testing.T) string {
	t.Helper()
	root, _ := project(t)
	for name, text := range map[string]string{
		"good":  "ARG A\nFROM scratch\n",
		"text":  "hello\n",
		"alien": "ARG BASE=alpine:3\nFROM ${BASE}\n",
		"on":    "ARG RUN_BASE=debian:bookworm-slim\nFROM ${RUN_BASE}\nARG RUN_PACKAGES=libc6\n",
	} {
		if err := os.WriteFile(filepath.Join(root, "Dockerfile."+name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestEachItsOwn: what keeps a variant from being built is said of it, as often as
// it holds and tried once, and stops no other.
func TestEachItsOwn(t *testing.T) {
	var pulled, built []string
	e := scripted(t, mixed(t), map[string]http.HandlerFunc{
		"POST /images/create": func(w http.ResponseWriter, r *http.Request) {
			pulled = append(pulled, r.FormValue("fromImage")+":"+r.FormValue("tag"))
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message":"manifest unknown"}`)
		},
		"POST /build": func(_ http.ResponseWriter, r *http.Request) {
			built = append(built, r.FormValue("t")+" "+r.FormValue("buildargs"))
		},
		"GET /images/stair-stepper:good/json": func(w http.ResponseWriter, _ *http.Request) {
			if len(built) == 0 {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			fmt.Fprint(w, `{"Id":"sha256:1"}`)
		},
		"GET /images/stair-stepper/debian:bookworm-slim/json": func(w http.ResponseWriter, _ *http.Request) {
			s, err := newStandIn(t.Context(), "debian:bookworm-slim", nil)
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintf(w, `{"Id":"sha256:2","Config":{"Labels":{%q:%q,%q:%q,%q:%q}}}`,
				labelBase, s.public, labelPackages, strings.Join(s.packages, " "), labelRecipe, recipe)
		},
		"GET /images/json": text(`[]`),
	})
	failing := map[string]string{"A": "1"}
	all, err := e.Prepare(t.Context(), variants(
		bench.Variant{Name: "gone", Dockerfile: "Dockerfile.gone"},
		bench.Variant{Name: "text", Dockerfile: "Dockerfile.text"},
		bench.Variant{Name: "moved", Dockerfile: "Dockerfile.alien", Suite: "sid"},
		bench.Variant{Name: "alien", Dockerfile: "Dockerfile.alien"},
		bench.Variant{Name: "alien2", Dockerfile: "Dockerfile.alien", Args: failing},
		bench.Variant{Name: "alien3", Dockerfile: "Dockerfile.alien"},
		bench.Variant{Name: "good", Dockerfile: "Dockerfile.good"},
		bench.Variant{Name: "tuned", Dockerfile: "Dockerfile.good", Env: map[string]string{"A": "2"}},
		bench.Variant{Name: "on", Dockerfile: "Dockerfile.on", Args: map[string]string{"B": "$LIB"}},
	), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"variant gone: there is no ", "variant text: ", "variant moved: its Dockerfile cannot be put on another suite",
		"variant alien: base image alpine:3: not on this machine, cannot be pulled", "variant alien2: base image alpine:3: ", "variant alien3: base image alpine:3: ",
		"", "", "image stair-stepper:on-",
	} {
		switch got := all[i]; {
		case want == "" && (got.Err != nil || got.ID != "sha256:1"), want != "" && got.Err == nil, want != "" && !strings.Contains(got.Err.Error(), want):
			t.Errorf("%s: %s, %v; want %q", got.Variant, got.ID, got.Err, want)
		}
	}
	if advice := hint.Of(all[2].Err); !strings.Contains(advice, "RUN_BASE") {
		t.Errorf("advice %q", advice)
	}
	if diff := cmp.Diff([]string{"docker.io/library/alpine:3"}, pulled); diff != "" {
		t.Errorf("pulled (-want +got):\n%s", diff)
	}
	if len(built) != 2 || !strings.HasPrefix(built[0], "stair-stepper:good ") ||
		!strings.Contains(built[1], `"B":"$LIB"`) || !strings.Contains(built[1], `"RUN_BASE":"stair-stepper/debian:bookworm-slim"`) {
		t.Errorf("built %q; want good once, and on with its arguments", built)
	}
}

// TestLostDaemon: a daemon that is gone leaves no variant any hope; one that broke
// a connection is there for the others.
func TestLostDaemon(t *testing.T) {
	check := func(info http.HandlerFunc, lost bool) {
		t.Helper()
		var asked atomic.Int32
		e := scripted(t, mixed(t), map[string]http.HandlerFunc{
			"GET /info": info,
			"POST /build": func(http.ResponseWriter, *http.Request) {
				asked.Add(1)
				panic(http.ErrAbortHandler)
			},
		})
		all, err := e.Prepare(t.Context(), variants(
			bench.Variant{Name: "good", Dockerfile: "Dockerfile.good"},
			bench.Variant{Name: "other", Dockerfile: "Dockerfile.good", Args: map[string]string{"A": "1"}},
		), nil)
		if lost != (err != nil) || lost && asked.Load() != 1 || !lost && (len(all) != 2 || all[0].Err == nil || all[1].Err == nil) {
			t.Errorf("%v, %v after %d builds; all lost: %v", all, err, asked.Load(), lost)
		}
	}
	check(text(linux), false)
	check(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true)
}

// TestLacks: a package that a suite does not have is missed by those who ask for
// it.
func TestLacks(t *testing.T) {
	e, err := New(Options{Root: mixed(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	found := map[string]base{"debian:bookworm-slim": {name: "stand-in", suite: "bookworm", lacks: []string{"libnone"}}}
	for packages, lost := range map[string]bool{"libc6": false, "libc6 libnone": true} {
		o := e.order(bench.Variant{Name: "on", Dockerfile: "Dockerfile.on", Args: map[string]string{"RUN_PACKAGES": packages}})
		_, _, err := o.arguments(found)
		if lost != (err != nil) || lost && (!strings.Contains(err.Error(), "bookworm has no package libnone") || hint.Of(err) == "") {
			t.Errorf("%s: %v", packages, err)
		}
	}
}

// TestSharedFailure: a build that fails for one fails for all who share it, each
// by its own name.
func TestSharedFailure(t *testing.T) {
	of := engine.Made{Image: engine.Image{Variant: "a"}, Err: &engine.BuildError{Variant: "a", Step: "RUN x", Err: os.ErrInvalid}}
	got := shared(of, "b", func(engine.Progress) { t.Error("reused what was not made") })
	if got.Variant != "b" || failed(t, got.Err, "RUN x").Variant != "b" || failed(t, of.Err, "RUN x").Variant != "a" {
		t.Errorf("%+v of %+v", got, of)
	}
}
