package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/pflag"
)

// The address of --serve may be a word of its own.
func TestServeFlag(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("9001", 0o755); err != nil {
		t.Fatal(err)
	}
	check := func(want string, besides int, rest []string, args ...string) {
		t.Helper()
		var f serveFlag
		set := pflag.NewFlagSet("", pflag.ContinueOnError)
		f.define(set, "")
		err := set.Parse(args)
		var left []string
		if err == nil {
			left, err = f.take(set.Args(), besides)
		}
		if got := f.String(); err != nil && want != "wrong" || err == nil && got != want {
			t.Errorf("%q: %q, %v; want %q", args, got, err, want)
		}
		if diff := cmp.Diff(rest, left); diff != "" && want != "wrong" {
			t.Errorf("%q leaves %s", args, diff)
		}
	}
	check("", 0, []string{})
	check("", 0, []string{"9000"}, "9000")
	check("here", 0, []string{}, "--serve")
	check("127.0.0.1:9000", 0, []string{}, "--serve=9000")
	check("127.0.0.1:9000", 0, []string{}, "--serve", "9000")
	check("0.0.0.0:9000", 0, []string{}, "--serve", "0.0.0.0:9000")
	check("here", 1, []string{"results/x"}, "results/x", "--serve")
	check("here", 1, []string{"results/x"}, "--serve", "results/x")
	check("127.0.0.1:9000", 1, []string{"results/x"}, "results/x", "--serve", "9000")
	check("127.0.0.1:9000", 1, []string{"results/x"}, "--serve", ":9000", "results/x")
	check("127.0.0.1:9000", 1, []string{"9001"}, "9001", "--serve", "9000")
	check("here", 1, []string{"9001"}, "--serve", "9001")
	check("127.0.0.1:9000", 1, []string{"a", "b"}, "--serve=9000", "a", "b")
	check("wrong", 0, nil, "--serve=nowhere")
	check("wrong", 0, nil, "--serve", "127.0.0.1:99999")
	check("wrong", 1, nil, "a", "--serve", "b")
}

// awaitText waits until a file has a line that matches; what a group of the
// expression matches goes into the variable.
func awaitText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: await file regexp [variable]")
	}
	want, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if found := want.FindSubmatch(text); found != nil {
			if len(args) == 3 {
				ts.Setenv(args[2], string(found[len(found)-1]))
			}
			return
		}
		if time.Since(began) > time.Minute {
			ts.Fatalf("%s has no %s: %v\n%s", args[0], args[1], err, text)
		}
	}
}

// fetchPage puts what is at a URL into a file.
func fetchPage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fetch url file")
	}
	answer, err := http.Get(args[0])
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s", args[0], answer.Status)
	}
	ts.Check(os.WriteFile(filepath.Clean(ts.MkAbs(args[1])), text, 0o644))
}
