package variant

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// A list of variants is a file with a variant on each line, as ParseSpec reads it,
// or with "include LIST". What follows a # at the beginning of a line or behind a
// space is a comment.
const listEnding = ".list"

// mostListBytes bounds the length of a list.
const mostListBytes = 1 << 20

// entry is a variant that somebody wrote.
type entry struct {
	Spec

	of    int    // of which of those asked for it is
	file  string // the list it stands in; empty: none
	line  int
	twice string // where another of the same name stands, which is something else
}

// place says where the variant stands, for the end of a sentence.
func (e entry) place() string {
	if e.file == "" {
		return ""
	}
	return fmt.Sprintf(", at %s:%d", printable(e.file), e.line)
}

// whole is a mistake in a variant as a whole.
func (e entry) whole(problem, advice string) *Mistake {
	return e.wrong(0, len(e.text), problem, advice)
}

// blame says where the mistake is.
func (e entry) blame(err error) error {
	m, ok := errors.AsType[*Mistake](err)
	if !ok {
		m = e.whole(err.Error(), hint.Of(err))
	}
	m.Of, m.File, m.Line = e.of, e.file, e.line
	return m
}

// entries reads what is asked for, and the lists among it.
func (f Found) entries(wanted []Wanted) ([]entry, error) {
	var all []entry
	for i, w := range wanted {
		if w.List {
			listed, err := f.readList(w.Text, nil)
			if err != nil {
				return nil, entry{Spec: Spec{text: w.Text}, of: i}.inList(err)
			}
			for _, e := range listed {
				e.of = i
				all = append(all, e)
			}
			continue
		}
		e := entry{Spec: Spec{text: w.Text}, of: i}
		if err := f.skipped(w.Text); err != nil {
			return nil, e.blame(err)
		}
		spec, err := ParseSpec(w.Text)
		if err != nil {
			return nil, e.blame(err)
		}
		e.Spec = spec
		all = append(all, e)
	}
	return all, nil
}

// inList says which of those asked for a mistake within a list belongs to; its place
// is there.
func (e entry) inList(err error) error {
	m, ok := errors.AsType[*Mistake](err)
	if !ok {
		return e.blame(err)
	}
	m.Of = e.of
	return m
}

// readList reads a list by its name or, with a slash or its ending, by its path.
// within are the lists that include it.
func (f Found) readList(name string, within []string) ([]entry, error) {
	path := f.listPath(name)
	if slices.Contains(within, path) {
		return nil, hint.Mistake(fmt.Sprintf("the list %s includes itself", printable(path)), "take one of the includes away")
	}
	at := path
	if !filepath.IsAbs(path) {
		at = filepath.Join(f.root, path)
	}
	text, err := files.Read(at, mostListBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.listPath(name) != name:
		names := f.ListNames()
		advice := "lists are " + words.Series(names)
		if len(names) == 0 {
			advice = "a list is a file variants/" + name + listEnding
		}
		return nil, hint.Mistake(fmt.Sprintf("there is no list %q of variants", name), strings.TrimSpace(words.DidYouMean(name, names)+" "+advice))
	case err != nil:
		return nil, fmt.Errorf("list of variants: %w", err)
	}
	var all []entry
	line := 0
	for text := range strings.Lines(string(text)) {
		line++
		text = withoutComment(strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\t", " "))
		if text == "" {
			continue
		}
		e := entry{Spec: Spec{text: text}, file: path, line: line}
		if included, ok := strings.CutPrefix(text, "include "); ok {
			listed, err := f.readList(strings.TrimSpace(included), append(slices.Clone(within), path))
			if m, ok := errors.AsType[*Mistake](err); ok && m.File != "" {
				return nil, err // it has its place
			}
			if err != nil {
				return nil, e.blame(err)
			}
			all = append(all, listed...)
			continue
		}
		if e.Spec, err = ParseSpec(text); err != nil {
			return nil, e.blame(err)
		}
		all = append(all, e)
	}
	if len(all) == 0 {
		return nil, hint.Mistake(fmt.Sprintf("the list %s has no variant", printable(path)), grammar)
	}
	return all, nil
}

// withoutComment is what a line of a list says.
func withoutComment(line string) string {
	line = " " + line
	if i := strings.Index(line, " #"); i >= 0 {
		line = line[:i]
	}
	return strings.TrimSpace(line)
}

// listPath gives the file of a list, seen from the project's root.
func (f Found) listPath(name string) string {
	if strings.Contains(name, "/") || strings.HasSuffix(name, listEnding) {
		return name
	}
	return "variants/" + name + listEnding
}

// ListNames lists the lists of a project, by name.
func (f Found) ListNames() []string {
	matches, _ := filepath.Glob(filepath.Join(f.root, "variants", "*"+listEnding)) // the pattern is a good one
	var names []string
	for _, m := range matches {
		names = append(names, strings.TrimSuffix(filepath.Base(m), listEnding))
	}
	return names
}

// ListedNames lists the names that variants have in lists of a project.
func (f Found) ListedNames() []string {
	var names []string
	for name := range f.bookWith(nil) {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// bookWith makes a book of all lists of the project that can be read, and of what
// is asked for, which goes before them.
func (f Found) bookWith(asked []entry) book {
	known := book{}
	for _, name := range f.ListNames() {
		listed, err := f.readList(name, nil)
		if err != nil {
			continue // whoever asks for it is told
		}
		for _, e := range listed {
			known.note(e)
		}
	}
	first := book{}
	for _, e := range asked {
		first.note(e)
	}
	maps.Copy(known, first)
	return known
}

// note puts a variant into the book, unless it is a source as it is.
func (b book) note(e entry) {
	if e.Name == "" && len(e.Settings) == 0 {
		return
	}
	name := e.title()
	if was, ok := b[name]; ok && was.Spec.String() != e.Spec.String() {
		e.twice = fmt.Sprintf("%s%s, and %s%s", was.Spec, was.place(), e.Spec, e.place())
	} else if ok {
		return
	}
	b[name] = e
}
