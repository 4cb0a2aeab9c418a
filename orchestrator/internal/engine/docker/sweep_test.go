package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// TestCleanBesideARun: the images of a run that is alive stay with it.
func TestCleanBesideARun(t *testing.T) {
	self, err := runs.Self()
	if err != nil {
		t.Fatal(err)
	}
	dead := self
	dead.Start++
	var removed []string
	remove := func(_ http.ResponseWriter, r *http.Request) { removed = append(removed, r.URL.Path) }
	e := scripted(t, ".", map[string]http.HandlerFunc{
		"GET /containers/json": text(fmt.Sprintf(`[
			{"Id":"alive","Names":["/stepper-libc"],"Labels":{"stair-stepper.run":"r1","stair-stepper.owner":%q}},
			{"Id":"kept","Names":["/stepper-jemalloc"],"Labels":{"stair-stepper.kept":"x","stair-stepper.run":"r1","stair-stepper.owner":%[1]q}},
			{"Id":"dead","Names":["/stepper-musl"],"Labels":{"stair-stepper.kept":"x","stair-stepper.owner":%q}}]`, self, dead)),
		"GET /images/json": func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.FormValue("filters"), "dangling") {
				fmt.Fprint(w, `[]`)
				return
			}
			// The second name is one that somebody gave to it.
			fmt.Fprint(w, `[{"Id":"sha256:1","RepoTags":["stair-stepper:libc","mine:1"]},{"Id":"sha256:2","RepoTags":["<none>:<none>"]}]`)
		},
		"DELETE /containers/alive": remove,
		"DELETE /containers/kept":  remove,
		"DELETE /containers/dead":  remove,
		"DELETE /images/stair-stepper:libc": func(w http.ResponseWriter, r *http.Request) {
			remove(w, r)
			fmt.Fprint(w, `[]`)
		},
	})
	cleared, err := e.Clean(t.Context(), false)
	told := cleared.Removed
	var h *hint.Error
	if !errors.As(err, &h) || !strings.Contains(err.Error(), "run r1 is still running") {
		t.Errorf("error %v; want one about r1, with advice", err)
	}
	if !slices.Equal(told, []string{"container stepper-musl"}) || len(removed) != 1 {
		t.Errorf("Clean = %q, removed %q; want the dead run's container alone", told, removed)
	}
	cleared, err = e.Clean(t.Context(), true)
	told = cleared.Removed
	if err != nil || !slices.Contains(told, "container stepper-libc") || !slices.Contains(told, "container stepper-jemalloc") || !slices.Contains(told, "image stair-stepper:libc") {
		t.Errorf("Clean by force = %q, %v", told, err)
	}
}

// elsewhere is an owner in another PID namespace, of a machine of which nobody
// knows anything here.
const elsewhere = "host 11111111-2222-3333-4444-555555555555 4711 900 4026532178 4026531834 -"

// TestCleanBesideABuild: a run has no container yet, and its images stay. Only
// what the daemon itself tells is known of it.
func TestCleanBesideABuild(t *testing.T) {
	dead := parent(t)
	dead.Start++
	for name, c := range map[string]struct{ owner, told, left string }{
		"alive":    {parent(t).String(), "still running", "is alive"},
		"unseen":   {elsewhere, "the run of process 4711 may still be running", "3 h old: its owner, process 4711 on host, cannot be seen from here; clean --engine docker --force removes it"},
		"earlier":  {"host - 4711 900", "may still be running", "process 4711"},
		"garbage":  {"{}", "a run may still be running", "its owner's name cannot be read"},
		"nameless": {"", "a run may still be running", "its owner's name cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			made := time.Now().Add(-200 * time.Minute).UTC().Format(time.RFC3339)
			var removed []string
			e := scripted(t, ".", map[string]http.HandlerFunc{
				"GET /volumes": text(fmt.Sprintf(`{"Volumes":[
					{"Name":"m1","Labels":{"stair-stepper.marker":"x","stair-stepper.made":%q,"stair-stepper.owner":%q}},
					{"Name":"m2","Labels":{"stair-stepper.marker":"x","stair-stepper.owner":%q}}]}`, made, c.owner, dead)),
				"DELETE /volumes/m1": func(_ http.ResponseWriter, r *http.Request) { removed = append(removed, r.URL.Path) },
				"DELETE /volumes/m2": func(_ http.ResponseWriter, r *http.Request) { removed = append(removed, r.URL.Path) },
				"GET /images/json":   text(`[]`),
			})
			swept, err := e.Sweep(t.Context())
			if err != nil || !slices.Equal(swept.Removed, []string{"volume m2"}) {
				t.Errorf("Sweep = %+v, %v; want the dead run's marker", swept, err)
			}
			if name == "alive" && len(swept.Left) != 0 || name != "alive" && (len(swept.Left) != 1 || !strings.Contains(swept.Left[0], c.left)) {
				t.Errorf("Sweep left %q; want %q unless it is alive", swept.Left, c.left)
			}
			cleared, err := e.Clean(t.Context(), false)
			var h *hint.Error
			if !errors.As(err, &h) || !strings.Contains(err.Error(), c.told) || !strings.Contains(h.Hint(), "--force") {
				t.Errorf("error %v; want %q, with advice", err, c.told)
			}
			if len(cleared.Left) != 1 || !strings.Contains(cleared.Left[0], c.left) {
				t.Errorf("left %q; want %q", cleared.Left, c.left)
			}
			if len(removed) != 2 || slices.ContainsFunc(removed, func(path string) bool { return !strings.HasSuffix(path, "/m2") }) {
				t.Errorf("removed %q; want m2 alone, twice", removed)
			}
			// The images' list is asked for by force alone.
			if cleared, err = e.Clean(t.Context(), true); err != nil || len(cleared.Left) != 0 || !slices.Contains(cleared.Removed, "volume m1") {
				t.Errorf("Clean by force = %+v, %v", cleared, err)
			}
		})
	}
}

// TestNamelessImagesBesideARun: what one run replaced, another may be building
// on.
func TestNamelessImagesBesideARun(t *testing.T) {
	root, variant := project(t)
	for _, c := range []struct {
		what, containers, volumes string
		removed                   bool
	}{
		{"alone", `[]`, `{}`, true},
		{"a build", `[]`, fmt.Sprintf(`{"Volumes":[{"Name":"m","Labels":{"stair-stepper.owner":%q}}]}`, elsewhere), false},
		{"a container", fmt.Sprintf(`[{"Id":"c","Labels":{"stair-stepper.owner":%q}}]`, parent(t)), `{}`, false},
	} {
		removed, built := false, false
		e := scripted(t, root, map[string]http.HandlerFunc{
			"GET /containers/json": text(c.containers),
			"GET /volumes":         text(c.volumes),
			"POST /build":          func(http.ResponseWriter, *http.Request) { built = true },
			"GET /images/stair-stepper:test/json": func(w http.ResponseWriter, _ *http.Request) {
				if !built {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				fmt.Fprint(w, `{"Id":"sha256:1","Config":{}}`)
			},
			"GET /images/json": text(`[{"Id":"sha256:old"}]`),
			"DELETE /images/sha256:old": func(w http.ResponseWriter, _ *http.Request) {
				removed = true
				fmt.Fprint(w, `[]`)
			},
			"GET /images/sha256:old/json": text(`{"Id":"sha256:old","Comment":"made from Debian packages"}`),
		})
		if _, err := engine.Images(e.Prepare(t.Context(), variants(variant), nil)); err != nil {
			t.Fatal(err)
		}
		if removed != c.removed {
			t.Errorf("beside %s: removed = %v", c.what, removed)
		}
	}
}

// TestMarker: it is there from the first look at an image to Close, once.
func TestMarker(t *testing.T) {
	root, variant := project(t)
	var calls []string
	var labels map[string]string
	e := scripted(t, root, map[string]http.HandlerFunc{
		"POST /volumes/create": func(w http.ResponseWriter, r *http.Request) {
			var order struct{ Labels map[string]string }
			if err := json.NewDecoder(r.Body).Decode(&order); err != nil {
				t.Error(err)
			}
			labels = order.Labels
			calls = append(calls, "create")
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"Name":"m"}`)
		},
		"GET /images/stair-stepper:test/json": func(w http.ResponseWriter, _ *http.Request) {
			calls = append(calls, "image")
			w.WriteHeader(http.StatusInternalServerError)
		},
		// Somebody has pruned it already.
		"DELETE /volumes/m": func(w http.ResponseWriter, _ *http.Request) {
			calls = append(calls, "remove")
			w.WriteHeader(http.StatusNotFound)
		},
	})
	for range 2 {
		if _, err := engine.Images(e.Prepare(t.Context(), variants(variant), nil)); err == nil {
			t.Error("no error")
		}
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	if want := []string{"create", "image", "image", "remove"}; !slices.Equal(calls, want) {
		t.Errorf("calls %q, want %q", calls, want)
	}
	if owner, err := runs.ParseOwner(labels[labelOwner]); err != nil || owner != e.folders.Owner || labels[labelMarker] == "" {
		t.Errorf("labels %q: %v", labels, err)
	}
}

// TestCleaning: a run that begins beside a clean-up waits for its end, for the
// images that it sees may be gone the moment after.
func TestCleaning(t *testing.T) {
	root, variant := project(t)
	dead := parent(t)
	dead.Start++
	for name, c := range map[string]struct {
		owner string
		waits bool
	}{
		"alive":  {parent(t).String(), true},
		"unseen": {elsewhere, true},
		"dead":   {dead.String(), false},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var asked, built int
			e := scripted(t, root, map[string]http.HandlerFunc{
				"GET /volumes": func(w http.ResponseWriter, _ *http.Request) {
					if asked++; asked > 2 {
						fmt.Fprint(w, `{}`)
						return
					}
					fmt.Fprintf(w, `{"Volumes":[{"Name":"m","Labels":{"stair-stepper.marker":%q,"stair-stepper.owner":%q}}]}`, cleaning, c.owner)
				},
				"GET /images/stair-stepper:test/json": func(w http.ResponseWriter, _ *http.Request) {
					if built == 0 {
						built = asked
					}
					w.WriteHeader(http.StatusInternalServerError)
				},
			})
			if _, err := engine.Images(e.Prepare(ctx, variants(variant), nil)); err == nil {
				t.Error("no error")
			}
			if want := map[bool]int{true: 3, false: 1}[c.waits]; built != want {
				t.Errorf("looked at the image after %d looks at the volumes, want %d", built, want)
			}
			asked = -1000
			cancel()
			if _, err := engine.Images(e.Prepare(ctx, variants(variant), nil)); !errors.Is(err, context.Canceled) {
				t.Errorf("%v; want the context's error", err)
			}
		})
	}
}

// TestCleanTells: a clean-up shows itself before it looks, and no longer than it
// takes; another one is not in its way.
func TestCleanTells(t *testing.T) {
	var calls []string
	call := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, path, _ := strings.Cut(r.URL.Path[1:], "/")
			calls = append(calls, r.Method+" "+path)
			fmt.Fprint(w, answer)
		}
	}
	e := scripted(t, ".", map[string]http.HandlerFunc{
		"POST /volumes/create": call(`{"Name":"own"}`),
		"GET /containers/json": call(`[]`),
		"GET /volumes":         call(fmt.Sprintf(`{"Volumes":[{"Name":"m","Labels":{"stair-stepper.marker":%q,"stair-stepper.owner":%q}}]}`, cleaning, parent(t))),
		"GET /images/json":     call(`[]`),
		"DELETE /volumes/own":  call(""),
	})
	cleared, err := e.Clean(t.Context(), false)
	if err != nil || len(cleared.Removed)+len(cleared.Left) != 0 {
		t.Errorf("Clean = %+v, %v", cleared, err)
	}
	calls = slices.Compact(calls)
	want := []string{"POST volumes/create", "GET containers/json", "GET volumes", "GET containers/json", "GET images/json", "DELETE volumes/own"}
	if !slices.Equal(calls, want) {
		t.Errorf("calls %q, want %q", calls, want)
	}
}

// TestNoVolumes: a proxy before the daemon may give none.
func TestNoVolumes(t *testing.T) {
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusNotImplemented} {
		refuse := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
		e := scripted(t, ".", map[string]http.HandlerFunc{
			"POST /volumes/create": refuse,
			"GET /volumes":         refuse,
			"GET /images/json":     text(`[]`),
		})
		if err := e.announce(t.Context()); err != nil {
			t.Errorf("%d: announce: %v", status, err)
		}
		if _, err := e.Clean(t.Context(), false); err != nil {
			t.Errorf("%d: Clean: %v", status, err)
		}
	}
	// What fails otherwise may hide a run.
	e := scripted(t, ".", map[string]http.HandlerFunc{
		"GET /volumes":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"GET /images/json": func(http.ResponseWriter, *http.Request) { t.Error("images were asked for") },
	})
	if _, err := e.Clean(t.Context(), false); err == nil {
		t.Error("no error")
	}
}

// parent is the process that started the test, as an owner that is alive.
func parent(t *testing.T) runs.Owner {
	t.Helper()
	owner, err := runs.Self()
	if err != nil {
		t.Fatal(err)
	}
	owner.PID = os.Getppid()
	if owner.Start, _, err = proc.StartTime(owner.PID); err != nil {
		t.Fatal(err)
	}
	return owner
}
