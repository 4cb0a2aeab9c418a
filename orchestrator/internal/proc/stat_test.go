package proc

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// captured is the line of a python3 with four threads. The names are such as any
// process can give itself.
const (
	before = "4242 ("
	after  = ") S 1762 1762 4917 0 -1 4194304 5208 6528 0 0 2 3 3 1 20 0 4 0 259476 252964864 5690 18446744073709551615 0\n"
)

func TestParseStat(t *testing.T) {
	want := Stat{State: 'S', Parent: 1762, Minflt: 5208, Utime: 20 * time.Millisecond, Stime: 30 * time.Millisecond, Threads: 4, Start: 259476}
	for _, name := range []string{"python3", "", "a b", "a) b", ") Z 1 1", "(((", "a\nb", "kworker/0:1H-kb"} {
		if got, err := ParseStat([]byte(before + name + after)); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", name, got, err, want)
		}
	}
	line := []byte(before + "a) b" + after)
	if n := testing.AllocsPerRun(100, func() { _, _ = ParseStat(line) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestBrokenStat(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		if _, err := ParseStat([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
	check("", "no name in parentheses")
	check("1 a S 1", "no name in parentheses")
	check("1 (a)", "field 3 is missing")
	check("1 (a) S x", "field 4 is not a number")
	check("1 (a) S 1 1 1 0 -1 4", "field 10 is missing")
	check("1 (a) S 1 1 1 0 -1 4 -7", "field 10 is not a number")
	check("1 (a) S 1 1 1 0 -1 4 7 0 0 0 0 0 0 0 20 0 1 0", "field 22 is missing")
	check("1 (a) S 1 1 1 0 -1 4 7 0 0 0 922337203685477581 0 0 0 20 0 1 0 9", "field 14 is not a number")
	check("1 (a) S 1 1 1 0 -1 4 7 0 0 0 0 0 0 0 20 0 1 0 18446744073709551615", "field 22 is not a number")
}

func TestRunning(t *testing.T) {
	check := func(state byte, threads int, want bool) {
		t.Helper()
		if got := (Stat{State: state, Threads: threads}).Running(); got != want {
			t.Errorf("state %c with %d threads: running %v", state, threads, got)
		}
	}
	check('S', 1, true)
	check('Z', 1, false)
	check('Z', 3, true) // only its first thread has ended
	check('X', 3, false)
	check(0, 0, false) // nobody
}

func TestReadStat(t *testing.T) {
	dir := t.TempDir()
	if s, there, err := ReadStat(dir, "7"); there || s.Running() || err != nil {
		t.Errorf("nobody: %+v, %v, %v", s, there, err)
	}
	file := filepath.Join(dir, "7", "stat")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(before + "a) b" + after)
	if s, there, err := ReadStat(dir, "7"); !there || s.Start != 259476 || err != nil {
		t.Errorf("%+v, %v, %v", s, there, err)
	}
	write("7 (a) S 1")
	if _, there, err := ReadStat(dir, "7"); there || err == nil || err.Error() != file+": field 5 is missing" {
		t.Errorf("cut short: %v, %v", there, err)
	}
	if _, there, err := ReadStat("/proc", "self"); !there || err != nil {
		t.Errorf("this process: %v, %v", there, err)
	}
}

// Whatever a file holds: no panic, no negative amount.
func FuzzParseStat(f *testing.F) {
	f.Add([]byte(before + "python3" + after))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseStat(b)
		if min(s.Minflt, int64(s.Utime), int64(s.Stime), int64(s.Parent), int64(s.Threads)) < 0 {
			t.Errorf("%q: %+v, %v", b, s, err)
		}
	})
}
