package words

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"request", "tags", "iterations", "assert", "include", "plan", "name", "MALLOC_ARENA_MAX"}
	check := func(word, want string) {
		t.Helper()
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q; want %q", word, got, want)
		}
	}
	check("reqest", "request")
	check("reqeust", "request")
	check("REQUEST", "request")
	check("requests", "request")
	check("tag", "tags")
	check("itterations", "iterations")
	check("asert", "assert")
	check("malloc_arenas_max", "MALLOC_ARENA_MAX")
	check("description", "")
	check("id", "")
	check("", "")
	check(strings.Repeat("x", 1000), "")

	if got, want := DidYouMean("tag", known), `did you mean "tags"?`; got != want {
		t.Errorf("%q; want %q", got, want)
	}
	if got := DidYouMean("description", known); got != "" {
		t.Errorf("%q; want none", got)
	}
}
