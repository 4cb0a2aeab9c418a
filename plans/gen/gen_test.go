package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// committed gives the body in a plan file of the repository.
func committed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name+".yml"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

func TestCommittedFilesAreGenerated(t *testing.T) {
	for _, p := range planFiles {
		got, err := os.ReadFile(filepath.Join("..", p.name+".yml"))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != p.text() {
			t.Errorf("plans/%s.yml is not what the generator makes; run: go generate ./plans", p.name)
		}
	}
}

// TestBodies checks what drill, its YAML parser and a service ask of a body.
func TestBodies(t *testing.T) {
	for _, p := range planFiles {
		body := committed(t, p.name)
		if !json.Valid([]byte(body)) || !utf8.ValidString(body) {
			t.Errorf("%s: the body is not valid JSON", p.name)
		}
		// Variables and documents to drill; line breaks and a mark to YAML.
		for _, bad := range []string{"{{", "---", "\u0085", "\u2028", "\u2029", "\ufeff"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s: the body holds %q", p.name, bad)
			}
		}
		if p.tagged && (!strings.Contains(body, `\ud83d\ude`) || !strings.Contains(body, "🚚") && !strings.Contains(body, "📦")) {
			t.Errorf("%s: the body has no emoji in both ways of writing", p.name)
		}
	}
}

func TestSizes(t *testing.T) {
	check := func(name string, want int, tolerance float64) {
		t.Helper()
		got := len(committed(t, name))
		if off := float64(got-want) / float64(want); off < -tolerance || off > tolerance {
			t.Errorf("%s: the body has %d bytes; want about %d", name, got, want)
		}
	}
	check("tiny", 31_459, 0.01)
	check("small", 306_279, 0.01)
	check("medium", 604_655, 0.01)
	check("large", 1_970_903, 0.01)
	check("mixed", 120_000, 0.05)
}

// TestMixedShapes checks that the shapes that mixed promises are in it.
func TestMixedShapes(t *testing.T) {
	var root any
	if err := json.Unmarshal([]byte(committed(t, "mixed")), &root); err != nil {
		t.Fatal(err)
	}
	sizes := make(map[int]bool)
	deepest, longest, widest := 0, 0, 0
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		deepest = max(deepest, depth)
		switch v := v.(type) {
		case map[string]any:
			sizes[len(v)] = true
			for _, child := range v {
				walk(child, depth+1)
			}
		case []any:
			widest = max(widest, len(v))
			for _, child := range v {
				walk(child, depth+1)
			}
		case string:
			longest = max(longest, len(v))
		}
	}
	walk(root, 0)
	for size := range 41 {
		if !sizes[size] {
			t.Errorf("no object of %d keys", size)
		}
	}
	if deepest < 12 || longest < 4000 || widest < 2000 {
		t.Errorf("depth %d, longest text %d, widest array %d; want 12, 4000, 2000", deepest, longest, widest)
	}
}
