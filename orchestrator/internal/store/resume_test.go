package store

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// interrupted is the records of small up to the end of its first round.
func interrupted() []Record {
	all := small()
	for i, r := range all {
		if j, ok := r.What.(Judged); ok && j.Round == 1 {
			return all[:i+1]
		}
	}
	return nil
}

// saved makes a results folder that holds a stream.
func saved(t *testing.T, stream []byte) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, streamFile), stream)
	return dir
}

func put(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// reopened is Reopen of what can go on.
func reopened(t *testing.T, dir string) (*Folder, *Earlier) {
	t.Helper()
	f, earlier, err := Reopen(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f, earlier
}

// refused is Reopen of what cannot, and sees that everything stays as it is.
func refused(t *testing.T, dir, want string) {
	t.Helper()
	path := filepath.Join(dir, streamFile)
	var before []byte
	info, _ := os.Lstat(path)
	regular := info != nil && info.Mode().IsRegular()
	if regular {
		before, _ = os.ReadFile(path)
	}
	f, _, err := Reopen(dir)
	if err == nil {
		t.Errorf("goes on; want %q", want)
		_ = f.Leave()
		return
	}
	if !strings.Contains(err.Error(), want) || hint.Of(err) == "" {
		t.Errorf("%v, hint %q; want %q", err, hint.Of(err), want)
	}
	if regular {
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("the stream was changed: %v", err)
		}
	}
}

// A run can go on from any stream that was cut, as often as it is cut, and loses
// no round that was whole.
func TestReopenCut(t *testing.T) {
	stream := text(t, interrupted())
	headed := bytes.Index(stream, []byte("\n")) + 1
	headed += bytes.Index(stream[headed:], []byte("\n"))
	for cut := headed; cut <= len(stream); cut += 37 {
		dir := saved(t, stream[:cut])
		whole := 0
		for again := range 3 {
			f, earlier := reopened(t, dir)
			if again > 0 && len(earlier.Done) != whole {
				t.Fatalf("cut at %d: %d rounds, then %d", cut, whole, len(earlier.Done))
			}
			whole = len(earlier.Done)
			if err := f.GoOn(); err != nil {
				t.Fatal(err)
			}
			f.Put(Record{What: Resumed{At: noon, After: whole}})
			if err := f.Sync(); err != nil {
				t.Fatal(err)
			}
			if again == 1 { // and it dies in the middle of a line
				_, err := f.stream.WriteString(`{"of":"libc/2","tri`)
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := f.Leave(); err != nil {
				t.Fatal(err)
			}
		}
		f, _ := reopened(t, dir)
		for _, r := range small()[len(interrupted()):] {
			f.Put(r)
		}
		exp, err := f.Experiment()
		if err != nil {
			t.Fatal(err)
		}
		if whole == 1 && (len(exp.Trials) != 4 || len(exp.Warnings) != 1) || exp.Interrupted {
			t.Errorf("cut at %d: %d trials, %v", cut, len(exp.Trials), exp.Warnings)
		}
		if err := f.Conclude(false, func(w io.Writer) error { _, err := io.WriteString(w, "{}"); return err }); err != nil {
			t.Fatal(err)
		}
		if err := f.Leave(); err != nil {
			t.Error(err)
		}
		refused(t, dir, "is over")
	}
}

// What a run cannot go on from is told, with what to do, and stays as it is.
func TestReopenRefused(t *testing.T) {
	stream := text(t, interrupted())
	refused(t, saved(t, nil), "there is no header among the records")
	refused(t, saved(t, stream[:20]), "there is no header among the records: line 1")
	refused(t, saved(t, text(t, small())), "is over")
	refused(t, saved(t, packed(t, stream)), "is compressed")
	refused(t, filepath.Join(t.TempDir(), "nowhere"), "there is no ")
	refused(t, t.TempDir(), "holds no experiment")
	file := filepath.Join(t.TempDir(), "file")
	put(t, file, nil)
	refused(t, file, "is not a folder")

	with := func(do func(dir string) error) string {
		t.Helper()
		dir := t.TempDir()
		if err := do(dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	elsewhere := filepath.Join(saved(t, stream), streamFile)
	odd := func(make func(path string) error) string {
		return with(func(dir string) error { return make(filepath.Join(dir, streamFile)) })
	}
	refused(t, odd(func(path string) error { return os.Symlink(elsewhere, path) }), "is not a regular file")
	refused(t, odd(func(path string) error { return os.Symlink("/dev/null", path) }), "is not a regular file")
	refused(t, odd(func(path string) error { return os.Symlink("nowhere", path) }), "is not a regular file")
	refused(t, odd(func(path string) error { return os.Mkdir(path, 0o755) }), "is not a regular file")
	refused(t, odd(func(path string) error { return syscall.Mkfifo(path, 0o644) }), "is not a regular file")
	refused(t, with(func(dir string) error { return os.WriteFile(filepath.Join(dir, ExperimentFile), []byte("{}"), 0o644) }), "holds no records")
	refused(t, with(func(dir string) error { return os.WriteFile(filepath.Join(dir, packedFile), packed(t, stream), 0o644) }), "is over")

	newer := text(t, []Record{{What: Header{Schema: "stair-stepper/records/v9"}}})
	if _, _, err := Reopen(saved(t, newer)); err == nil || !strings.Contains(err.Error(), "this version reads") || strings.Contains(hint.Of(err), "remove") {
		t.Errorf("%v, hint %q", err, hint.Of(err))
	}
}

// A folder may be named by a link, and what goes on does not remove it when it
// fails.
func TestReopenLinked(t *testing.T) {
	dir := saved(t, text(t, interrupted()))
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	f, earlier := reopened(t, link)
	if len(earlier.Done) != 1 || earlier.Header.RunID == "" || earlier.Took() != time.Minute || earlier.Where.Host != "here" {
		t.Errorf("%+v", earlier)
	}
	refused(t, dir, "is under way")
	if err := f.Release(); err != nil {
		t.Fatal(err)
	}
	f, _ = reopened(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := f.Conclude(false, func(io.Writer) error { return nil }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("saved in a folder that is gone: %v", err)
	}
}

// The machine of the last whole round is the one to compare with.
func TestReopenWhere(t *testing.T) {
	at := func(host string) Record {
		h := small()[1].What.(Header)
		h.Environment.Host = host
		return Record{What: h}
	}
	check := func(want string, more ...Record) {
		t.Helper()
		f, earlier := reopened(t, saved(t, text(t, append([]Record{at("a")}, more...))))
		if earlier.Where.Host != want {
			t.Errorf("it ran on %s; want %s", earlier.Where.Host, want)
		}
		if err := f.Leave(); err != nil {
			t.Error(err)
		}
	}
	var one, two []Record
	for _, r := range small() {
		switch what := r.What.(type) {
		case Header, Round, End:
		case Judged:
			if what.Round == 1 {
				one = append(one, r)
			} else {
				two = append(two, r)
			}
		default:
			switch r.Of.Round {
			case 1:
				one = append(one, r)
			case 2:
				two = append(two, r)
			}
		}
	}
	resumed := func(after int) Record { return Record{What: Resumed{After: after}} }
	check("a")
	check("a", one...)
	check("b", append([]Record{resumed(0), at("b")}, one...)...)
	check("a", append(one, resumed(1), at("b"))...)
	check("b", append(append(append(one, resumed(1), at("b")), two...), resumed(2), at("c"))...)
}
