package docker

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
)

// TestCleanBesideARun: the images of a run that is alive stay with it.
func TestCleanBesideARun(t *testing.T) {
	self, err := engine.Self()
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
	told, err := e.Clean(t.Context(), false)
	var h *engine.Hinted
	if !errors.As(err, &h) || !strings.Contains(err.Error(), "run r1 is still going on") {
		t.Errorf("error %v; want one about r1, with advice", err)
	}
	if !slices.Equal(told, []string{"container stepper-musl"}) || len(removed) != 1 {
		t.Errorf("Clean = %q, removed %q; want the dead run's container alone", told, removed)
	}
	told, err = e.Clean(t.Context(), true)
	if err != nil || !slices.Contains(told, "container stepper-libc") || !slices.Contains(told, "container stepper-jemalloc") || !slices.Contains(told, "image stair-stepper:libc") {
		t.Errorf("Clean by force = %q, %v", told, err)
	}
}

// TestCleanBesideABuild: a run has no container yet, and its images stay.
func TestCleanBesideABuild(t *testing.T) {
	e := scripted(t, ".", map[string]http.HandlerFunc{"GET /containers/json": text(`[]`)})
	other := engine.Folders{Root: e.folders.Root, Prefix: folderPrefix, Owner: parent(t)}
	if err := other.Announce(); err != nil {
		t.Fatal(err)
	}
	var h *engine.Hinted
	if _, err := e.Clean(t.Context(), false); !errors.As(err, &h) || !strings.Contains(err.Error(), "still going on") {
		t.Errorf("error %v; want one about the run, with advice", err)
	}
	if removed, err := e.Sweep(t.Context()); err != nil || len(removed) != 0 {
		t.Errorf("Sweep = %q, %v; want nothing", removed, err)
	}
}

// parent is the process that started the test, as an owner that is alive.
func parent(t *testing.T) engine.Owner {
	t.Helper()
	owner, err := engine.Self()
	if err != nil {
		t.Fatal(err)
	}
	owner.PID = os.Getppid()
	if owner.Start, _, err = engine.StartTime(owner.PID); err != nil {
		t.Fatal(err)
	}
	return owner
}
