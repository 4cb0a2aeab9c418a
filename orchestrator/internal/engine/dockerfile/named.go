package dockerfile

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Named reads the files under root that a Dockerfile names itself, in COPY, ADD
// and RUN --mount: by slash-separated path, as Source does, which reads the
// rest. Of a folder that is named all files come, but hidden ones, and those no
// wildcard brings either. The service's
// folder and those above it stand for what Source reads, so that COPY . . brings
// what the build needs and no more. A name that leads to nothing is for
// the engine to tell.
func (d *File) Named(root string) (map[string][]byte, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("read what the Dockerfile names: %w", err)
	}
	defer dir.Close()
	found := map[string][]byte{}
	for _, pattern := range d.sources() {
		matches, err := fs.Glob(dir.FS(), pattern)
		if err != nil {
			continue // the engine has its own words for a bad pattern
		}
		for _, name := range matches {
			if reveals(pattern, name) {
				continue
			}
			if service := path.Clean(Service); name == "." || service == name || strings.HasPrefix(service, name+"/") {
				continue
			}
			if err := addTree(dir, found, name, false); err != nil {
				return nil, fmt.Errorf("read what the Dockerfile names: %w", err)
			}
		}
	}
	return found, nil
}

// reveals says that a wildcard stands for a hidden part of a name.
func reveals(pattern, name string) bool {
	parts := strings.Split(pattern, "/")
	for i, part := range strings.Split(name, "/") {
		if hidden(part) && (i >= len(parts) || !strings.HasPrefix(parts[i], part[:1])) {
			return true
		}
	}
	return false
}

// sources are the names and patterns in the build context that instructions
// have, relative to its root.
func (d *File) sources() []string {
	var names []string
	for i := range d.Stages {
		d.Walk(i, nil, func(step Step, vars Vars) {
			var raw []string
			switch step.Keyword {
			case "COPY", "ADD":
				raw = copied(step.Text)
			case "RUN":
				raw = mounted(step.Text)
			}
			for _, name := range raw {
				// Rooted first: a context has nothing above it.
				name = strings.TrimPrefix(path.Clean("/"+expand(name, vars.get)), "/")
				if name != "" {
					names = append(names, name)
				}
			}
		})
	}
	return names
}

// copied are the sources of a COPY or ADD, nil if they are in another stage.
func copied(text string) []string {
	words := split(text)
	for len(words) > 0 && strings.HasPrefix(words[0], "--") {
		if strings.HasPrefix(words[0], "--from=") {
			return nil
		}
		words = words[1:]
	}
	if rest := strings.Join(words, " "); strings.HasPrefix(rest, "[") {
		var list []string
		if json.Unmarshal([]byte(rest), &list) == nil {
			words = list
		}
	}
	var names []string
	for _, w := range words[:max(0, len(words)-1)] {
		if !strings.HasPrefix(w, "<<") && !strings.Contains(w, "://") {
			names = append(names, w)
		}
	}
	return names
}

// mounted are the sources of a RUN's bind mounts.
func mounted(text string) []string {
	var names []string
	for _, word := range split(text) {
		options, ok := strings.CutPrefix(word, "--mount=")
		if !ok {
			break // flags come first
		}
		kind, name, from := "bind", "", ""
		for option := range strings.SplitSeq(options, ",") {
			switch key, value, _ := strings.Cut(option, "="); strings.ToLower(key) {
			case "type":
				kind = value
			case "from":
				from = value
			case "source", "src":
				name = value
			}
		}
		if kind == "bind" && from == "" && name != "" {
			names = append(names, name)
		}
	}
	return names
}
