package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompletionName: what a shell completes is the program under the name that it
// was started by.
func TestCompletionName(t *testing.T) {
	name := filepath.Base(os.Args[0])
	if name == "orchestrator" {
		t.Fatal("this shows nothing")
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"completion", "zsh"}, &stdout, &stderr); code != exitDone || stderr.Len() > 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if first, _, _ := strings.Cut(stdout.String(), "\n"); first != "#compdef "+name {
		t.Errorf("it begins with %q, want %s", first, name)
	}
}
