package console

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
)

func TestLiveOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &chunks{}
		l := NewLive(out)
		l.Line("before")
		l.Start(&load.Progress{}, Goal{Requests: 100, Duration: time.Minute}, 60)
		time.Sleep(drawEvery + 1)
		synctest.Wait()
		l.Line("warning: something")
		time.Sleep(drawEvery)
		synctest.Wait()
		l.Stop()
		l.Line("after")
		const drawn = "\r\x1b[K0/100 requests   0/s   p99 –   0 failed   1:00 left"
		want := "before\n" + drawn + "\r\x1b[Kwarning: something\n" + drawn + "\r\x1b[Kafter\n"
		if got := strings.Join(out.list(), ""); got != want {
			t.Errorf("shown\n%q\nwant\n%q", got, want)
		}
	})
}

func TestLiveElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &chunks{}
		l := NewLive(out)
		l.Start(&load.Progress{}, Goal{}, 0)
		time.Sleep(2*tellEvery + 1)
		synctest.Wait()
		l.Stop()
		if got, want := strings.Join(out.list(), ""), strings.Repeat("0 requests   0/s   p99 –   0 failed\n", 2); got != want {
			t.Errorf("shown %q, want %q", got, want)
		}
	})
}

func TestStopWithoutStart(t *testing.T) {
	out := &chunks{}
	NewLive(out).Stop()
	if len(out.list()) != 0 {
		t.Errorf("shown %q", out.list())
	}
}

func TestTimeLeft(t *testing.T) {
	check := func(g Goal, done int, passed time.Duration, want string) {
		t.Helper()
		got := "unknown"
		if left, ok := g.left(done, passed); ok {
			got = clock(left)
		}
		if got != want {
			t.Errorf("%+v, %d done after %v: %s, want %s", g, done, passed, got, want)
		}
	}
	check(Goal{}, 5, time.Second, "unknown")
	check(Goal{Requests: 100}, 0, time.Second, "unknown")
	check(Goal{Requests: 100}, 25, 30*time.Second, "1:30")
	check(Goal{Requests: 100}, 101, 30*time.Second, "0:00")
	check(Goal{Duration: time.Minute}, 5, 15*time.Second, "0:45")
	check(Goal{Duration: time.Minute}, 5, 61*time.Second, "0:00") // those in flight come to their end
	check(Goal{Requests: 100, Duration: time.Hour}, 50, 10*time.Second, "0:10")
	check(Goal{Requests: 100, Duration: 12 * time.Second}, 50, 10*time.Second, "0:02")
}

func TestCut(t *testing.T) {
	if got := cut("äöüß", 4); got != "äöüß" {
		t.Errorf("what fits became %q", got)
	}
	if got := cut("äöüß", 3); got != "äö…" {
		t.Errorf("cut to %q", got)
	}
}
