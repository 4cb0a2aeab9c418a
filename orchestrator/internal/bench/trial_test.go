package bench

import "testing"

func TestRoundName(t *testing.T) {
	check := func(trial Trial, want string) {
		t.Helper()
		if got := trial.RoundName(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	check(Trial{Round: 3}, "round 3")
	check(Trial{Round: 5, Turn: 2, Group: 1}, "round 2, group 1")
}
