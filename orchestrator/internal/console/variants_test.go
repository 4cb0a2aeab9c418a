package console

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

func TestCatalogue(t *testing.T) {
	c := Catalogue{
		Origins: []variant.Origin{
			{Name: "libc", Dockerfile: "Dockerfile.libc", Allocator: "glibc", Linkage: "libc", Suite: "bookworm", Versions: map[string]string{"bookworm": "2.36", "trixie": "2.41", "sid": "2.43"}},
			{Name: "odd", Dockerfile: "variants/Dockerfile.odd", Linkage: "by\x1bhand", Versions: map[string]string{}},
			{Name: "own", Dockerfile: "Dockerfile.own", Allocator: "snmalloc", Linkage: "linked", Suite: "trixie", Versions: map[string]string{"trixie": "", "sid": ""}},
		},
		Lists: []variant.List{
			{Name: "tuned", Names: []string{"libc", "libc-arena2"}, Beside: []string{"libc", "libc-arena2"}, Own: []variant.Listed{
				{Name: "libc-arena2", Of: "libc", List: "tuned", Settings: []variant.Setting{{Variable: "MALLOC_ARENA_MAX", Value: "2"}, {Variable: "B", Value: "\x1b[2J"}}},
				{Name: "mine", Of: "own@sid", List: "tuned"},
			}},
			{Name: "more", Names: []string{"libc", "libc-arena2", "own"}, Includes: []string{"tuned"}, Beside: []string{"own"}},
			{Name: "broken", Err: errors.New("it is\nbroken")},
		},
		Skipped: []variant.Skipped{{Name: "x", Err: errors.New("Dockerfile.x: why")}},
	}
	var out strings.Builder
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	golden(t, "catalogue.txt", out.String())
}

func TestVariants(t *testing.T) {
	list := []bench.Variant{{Name: "libc"}, {Name: "odd", Env: map[string]string{"B": "\x1b[2J", "A": "1"}}}
	abouts := []variant.About{{Allocator: "glibc", Version: "2.36", Suite: "bookworm", Linkage: "libc"}, {}}
	var out strings.Builder
	err := Variants(&out, list, abouts)
	want := `VARIANT  ALLOCATOR   SUITE     GETS IN      WITH
libc     glibc 2.36  bookworm  libc itself  –
odd      –           –         –            A=1 B=\x1b[2J
Versions are those of November 2026; a run proves its own.
`
	if diff := cmp.Diff(want, out.String()); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestVariantDetails(t *testing.T) {
	v := bench.Variant{Name: "mi", Dockerfile: "variants/preload.Dockerfile", Suite: "bookworm", Args: map[string]string{"ALLOCATOR": "mimalloc"}, Env: map[string]string{"MIMALLOC_DECOMMIT_DELAY": "0"}}
	a := variant.About{
		Allocator: "mimalloc", Version: "2.0.9", Linkage: "preloaded", Suite: "bookworm", Env: map[string]string{"LD_PRELOAD": "/lib/libmimalloc.so", "MIMALLOC_DECOMMIT_DELAY": "0"},
		Bases: []string{"golang:1.26-bookworm", "debian:bookworm-slim"}, Build: []string{"gcc", "libc6-dev"}, Run: []string{"libmimalloc2.0"},
		Knobs: []variant.KnobHere{
			{Knob: variant.Knob{Env: "MIMALLOC_DECOMMIT_DELAY", Does: "milliseconds until free pages go back", Read: "x"}},
			{Knob: variant.Knob{Env: "MIMALLOC_PURGE_DELAY", Instead: "MIMALLOC_DECOMMIT_DELAY"}, Inert: "it comes with 2.1"},
			{Knob: variant.Knob{Env: "CONF", Key: "thing", Does: "things"}},
			{Knob: variant.Knob{Env: "OLD"}, Inert: "it is gone"},
		},
	}
	var out strings.Builder
	if err := VariantDetails(&out, v, a); err != nil {
		t.Fatal(err)
	}
	if err := VariantDetails(&out, bench.Variant{Name: "odd", Dockerfile: "Dockerfile.odd"}, variant.About{Allocator: "ours", Linkage: "linked", Bases: []string{"alpine:3"}}); err != nil {
		t.Fatal(err)
	}
	golden(t, "variant_details.txt", out.String())
}
