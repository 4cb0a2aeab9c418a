package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documented is a command that a document tells people to run.
type documented struct {
	at   string // file:line
	text string
	args []string
}

// begins are what a line that is a command begins with.
var begins = []string{"go run ./orchestrator", built, "go test", "go build", "docker build"}

// built is the command that go build -o lab ./orchestrator makes.
const built = "./lab"

// documentedCommands finds the commands of the documents, each once: in lines of
// their own and within a line between backticks.
func documentedCommands(t *testing.T, root string) []documented {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var commands []documented
	for _, file := range append([]string{filepath.Join(root, "README.md")}, files...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// A span between backticks may go on in the next line.
		spans := regexp.MustCompile("`[^`]+`").FindAllIndex(text, -1)
		places := map[int]string{}
		for _, s := range spans {
			places[s[0]+1] = strings.Join(strings.Fields(string(text[s[0]+1:s[1]-1])), " ")
		}
		at := 0
		for line := range strings.Lines(string(text)) {
			places[at] = strings.TrimSpace(line)
			at += len(line)
		}
		for _, at := range slices.Sorted(maps.Keys(places)) {
			words := splitWords(places[at])
			if to := slices.IndexFunc(words, func(w string) bool { return w == ">" || w == ">>" || w == "||" }); to > 0 {
				words = words[:to]
			}
			whole := strings.Join(words, " ") + " "
			if !slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(whole, b+" ") }) {
				continue
			}
			if slices.Equal(words, []string{"go", "run", "./orchestrator"}) {
				continue // the name of the program, and no command
			}
			c := documented{fmt.Sprintf("%s:%d", filepath.Base(file), 1+bytes.Count(text[:at], []byte("\n"))), strings.TrimSpace(whole), words}
			if !slices.ContainsFunc(commands, func(known documented) bool { return known.text == c.text }) {
				commands = append(commands, c)
			}
		}
	}
	if len(commands) < 10 {
		t.Fatalf("%d commands are documented: they are not found any more", len(commands))
	}
	return commands
}

// splitWords splits a line as a shell does, up to a comment. Of quotes it knows
// the single ones.
func splitWords(line string) []string {
	var words []string
	word, open, quoted := "", false, false
	for _, r := range strings.TrimSpace(line) + " " {
		switch {
		case r == '\'':
			open, quoted = true, !quoted
		case r == '#' && !open:
			return words
		case (r == ' ' || r == '\t') && !quoted:
			if open {
				words = append(words, word)
			}
			word, open = "", false
		default:
			word += string(r)
			open = true
		}
	}
	return words
}

func TestSplitWords(t *testing.T) {
	check := func(line string, want ...string) {
		t.Helper()
		if got := splitWords(line); !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
	check("  go test ./...  # all", "go", "test", "./...")
	check("drill --fail-on 'p99 > 1s' -q", "drill", "--fail-on", "p99 > 1s", "-q")
	check("a '' b#c", "a", "", "b#c")
	check("# nothing")
}
