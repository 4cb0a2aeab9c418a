package hint_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

func TestOf(t *testing.T) {
	cause := errors.New("no such file")
	check := func(err error, want string) {
		t.Helper()
		if got := hint.Of(err); got != want {
			t.Errorf("Of(%v) = %q; want %q", err, got, want)
		}
	}
	check(nil, "")
	check(cause, "")
	check(hint.With(cause, "make it"), "make it")
	check(fmt.Errorf("read: %w", hint.With(cause, "make it")), "make it")
	check(errors.Join(cause, hint.With(cause, "second")), "second")
	if err := hint.With(cause, "make it"); err.Error() != "no such file" || !errors.Is(err, cause) {
		t.Errorf("%v does not stand for its cause", err)
	}
}

func TestIsMistake(t *testing.T) {
	cause := errors.New("no such file")
	check := func(err error, want bool) {
		t.Helper()
		if got := hint.IsMistake(err); got != want {
			t.Errorf("IsMistake(%v) = %v; want %v", err, got, want)
		}
	}
	check(nil, false)
	check(cause, false)
	check(hint.With(cause, "make it"), false)
	check(hint.Mistake("--for is 0", "give a time"), true)
	// Advice on top of a mistake does not hide it, nor does company.
	check(hint.With(fmt.Errorf("plan: %w", hint.Mistake("a", "b")), "c"), true)
	check(errors.Join(cause, hint.Mistake("a", "b")), true)
}
