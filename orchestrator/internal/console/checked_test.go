package console

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

func TestChecked(t *testing.T) {
	d := bench.Design{Variants: []bench.Variant{{Name: "libc"}, {Name: "je-narenas2"}}}
	check := func(c Check, taken []string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, Checked(d, c, taken)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	check(Check{Variant: d.Variants[0], Proof: bench.Proof{Allocator: "glibc", Version: "2.36", Linkage: "linked", Libc: "glibc 2.36"}, Took: 120 * time.Millisecond}, nil,
		"libc         glibc 2.36, linked · 0.1 s")
	check(Check{
		Variant: d.Variants[1], Proof: bench.Proof{Allocator: "jemalloc", Version: "5.3.1", Linkage: "preloaded", Libc: "glibc 2.43"},
		Notes: []bench.Warning{{Text: "this\x1b cannot be read back"}}, Took: time.Second,
	}, []string{"opt.narenas=2"},
		"je-narenas2  jemalloc 5.3.1, preloaded, glibc 2.43, opt.narenas=2 · 1.0 s", `  note: this\x1b cannot be read back`)
	check(Check{Variant: d.Variants[0], Err: hint.With(errors.New("it runs\nsomething else"), "look again")}, nil,
		"libc         failed: it runs", "something else", "  hint: look again")
}
