package console

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// printed gives what do prints in a format.
func printed(t *testing.T, f Format, do func(p *Printer)) string {
	t.Helper()
	var out bytes.Buffer
	p := New(&out, f)
	do(p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// request makes an item of that name.
func request(name string) *plan.Request {
	return &plan.Request{Step: plan.Step{Name: name}, Method: "GET", URL: vars.Parse("/")}
}

// answered makes the event of a request that was answered.
func answered(name string, status int, took time.Duration) *load.Event {
	return &load.Event{Item: request(name), Name: name, URL: "http://localhost:3000/", Status: status, Took: took}
}

func TestLinesAppearSoonAndWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &chunks{}
		p := New(out, Format{})
		p.End(answered("one", 200, time.Millisecond))
		p.End(answered("two", 200, time.Millisecond))
		time.Sleep(flushEvery - 1)
		synctest.Wait()
		if n := len(out.list()); n != 0 {
			t.Fatalf("%d writes before the time", n)
		}
		time.Sleep(2 * time.Nanosecond)
		synctest.Wait()
		got := out.list()
		if len(got) != 1 || strings.Count(got[0], "\n") != 2 {
			t.Fatalf("writes are %q, want one of two lines", got)
		}
	})
}

func TestManyLinesAreFewWrites(t *testing.T) {
	out := &chunks{}
	p := New(out, Format{})
	const workers, each = 8, 2000
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range each {
				p.End(answered("item", 200, time.Millisecond))
			}
		})
	}
	group.Wait()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	writes := out.list()
	lines := strings.SplitAfter(strings.Join(writes, ""), "\n")
	if len(lines)-1 != workers*each {
		t.Fatalf("%d lines, want %d", len(lines)-1, workers*each)
	}
	for _, line := range lines[:workers*each] {
		if line != lines[0] {
			t.Fatalf("line %q is mixed up", line)
		}
	}
	if len(writes) > workers*each/100 {
		t.Errorf("%d writes of %d lines", len(writes), workers*each)
	}
}

func TestCloseGivesTheFirstError(t *testing.T) {
	full := errors.New("disk full")
	p := New(failing{full}, Format{})
	p.End(answered("one", 200, 0))
	if err := p.Close(); !errors.Is(err, full) {
		t.Errorf("error is %v", err)
	}
	p.End(answered("two", 200, 0))
	if err := p.Close(); !errors.Is(err, full) {
		t.Errorf("later error is %v", err)
	}
}

func TestNoTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, w := range []io.Writer{&bytes.Buffer{}, null} {
		if IsTerminal(w) || Width(w) != 0 {
			t.Errorf("%T is a terminal of %d columns", w, Width(w))
		}
	}
}

func TestColour(t *testing.T) {
	check := func(terminal bool, want bool, env ...string) {
		t.Helper()
		if got := Colour(vars.Environ(env), terminal); got != want {
			t.Errorf("%v, terminal %v: %v", env, terminal, got)
		}
	}
	check(true, true)
	check(false, false)
	check(true, false, "CLICOLOR=0")
	check(true, true, "CLICOLOR=1")
	check(false, false, "CLICOLOR=1")
	check(true, false, "NO_COLOR=1")
	check(true, false, "NO_COLOR=")
	check(true, false, "NO_COLOR=0")
	check(false, true, "CLICOLOR_FORCE=1")
	check(false, true, "CLICOLOR_FORCE=1", "NO_COLOR=1", "CLICOLOR=0")
	check(false, false, "CLICOLOR_FORCE=0")
	check(true, false, "CLICOLOR_FORCE=0", "NO_COLOR=1")
}

func TestPadding(t *testing.T) {
	check := func(coloured bool, text, want string) {
		t.Helper()
		got := string(Format{Colour: coloured}.padded(nil, green, text, 6))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", text, diff)
		}
	}
	check(false, "abc", "abc   ")
	check(true, "abc", "\x1b[32mabc   \x1b[0m") // the blanks are in the span
	check(false, "äöü", "äöü   ")               // by characters, not bytes
	check(false, "too long", "too long")        // never cut
	check(true, "", "\x1b[32m      \x1b[0m")
}

func TestTimes(t *testing.T) {
	check := func(nanosec bool, d time.Duration, want string) {
		t.Helper()
		if got := (Format{Nanosec: nanosec}).time(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
	check(false, 0, "0ms")
	check(false, 499999, "0ms")
	check(false, 500*time.Microsecond, "1ms") // half away from zero
	check(false, 1500*time.Microsecond, "2ms")
	check(false, 2500*time.Microsecond, "3ms")
	check(false, 12345*time.Millisecond, "12345ms")
	check(true, 12345678, "12345678ns")
	check(true, 0, "0ns")
}

// chunks keeps every write apart.
type chunks struct {
	mu     sync.Mutex
	writes []string
}

func (c *chunks) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes = append(c.writes, string(b))
	return len(b), nil
}

func (c *chunks) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// failing refuses every write.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
