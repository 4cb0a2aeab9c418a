package plan

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// loader does one load. Its methods report mistakes and go on, so that all of
// them come out together.
type loader struct {
	opt    Options
	filter filter
	read   func(name string) ([]byte, error)

	plan       *Plan
	base       *yaml.Node // where plan.Base stands; nil: not in a file
	baseFailed bool       // and that was reported
	successes  []int      // the success_codes of the benchmark file
	moving     bool       // an item sets the variable base
	stack      []include  // the files being read, the benchmark file first
	met        int        // items of all lists, and requests that loops make of them
	found      int        // items that are no includes, selected or not
	selected   int
	tagged     map[string]bool // tags of the items looked at
	urls       []urlUse        // of the items selected
	flow       flow
	order      *rand.Rand          // of the loops with shuffle
	loops      map[loopKey]series  // each read once
	files      map[fileKey]series  // of loops, each read once
	bodies     map[*yaml.Node]Body // by what stands in the plan, each read once

	listing *Listing // where only that is asked for

	errs Errors
	more int             // mistakes beyond mostMistakes
	seen map[string]bool // mistakes and warnings, for a file can be included twice
}

// include is a file being read and the place that named it.
type include struct {
	file *file
	from Position
}

func newLoader(opt Options) *loader {
	return &loader{
		opt:    opt,
		filter: newFilter(opt),
		read:   readFile,
		plan:   &Plan{Tags: opt.Tags, SkipTags: opt.SkipTags, sources: make(map[string]*file)},
		tagged: make(map[string]bool),
		loops:  make(map[loopKey]series),
		files:  make(map[fileKey]series),
		bodies: make(map[*yaml.Node]Body),
		seen:   make(map[string]bool),
		flow:   flow{sets: make(map[string]*setter), leftOut: make(map[string]bool)},
	}
}

func (l *loader) load(name string) (*Plan, error) {
	l.overlap()
	if f, top := l.benchmark(name); f != nil {
		l.unknown(f, top, topLevel, topKeys)
		l.properties(f, top)
		l.lab(f, top)
		l.items(f, top)
		l.addresses()
		l.variables()
		l.commands()
	}
	return l.result()
}

func (l *loader) loadLab(name string) (*Plan, error) {
	if f, top := l.benchmark(name); f != nil {
		l.lab(f, top)
	}
	return l.result()
}

// overlap reports tags that are to run and to be skipped.
func (l *loader) overlap() {
	if both := l.filter.overlap(); len(both) > 0 {
		l.fail(nil, Position{}, "tags to run and tags to skip both hold "+strings.Join(both, ", "), "")
	}
}

// mostMistakes is how many are told at once; the rest is counted.
const mostMistakes = 100

func (l *loader) result() (*Plan, error) {
	slices.SortStableFunc(l.errs, func(a, b *Mistake) int { return l.compare(a.Pos, b.Pos) })
	slices.SortStableFunc(l.plan.Warnings, func(a, b Warning) int { return l.compare(a.Pos, b.Pos) })
	if l.more > 0 {
		l.errs = append(l.errs, &Mistake{Msg: fmt.Sprintf("and %d more mistakes", l.more)})
	}
	if len(l.errs) > 0 {
		return nil, l.errs
	}
	for _, f := range l.plan.sources {
		f.root = nil // a second copy of the bodies, of no more use
	}
	return l.plan, nil
}

// compare puts places in the order of the files, and in order within a file. A
// place that is none comes first.
func (l *loader) compare(a, b Position) int {
	number := func(p Position) int {
		if p.File == "" {
			return -1
		}
		if f := l.plan.sources[p.File]; f != nil {
			return f.number
		}
		return len(l.plan.sources) // a file of a loop: after those of the plan
	}
	if a.File != b.File {
		return cmp.Or(cmp.Compare(number(a), number(b)), cmp.Compare(a.File, b.File))
	}
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// benchmark opens the benchmark file and gives its top-level entries. The file
// is nil after a mistake that leaves nothing to look at.
func (l *loader) benchmark(name string) (*file, []entry) {
	l.plan.File = name
	f := l.open(name, nil, Position{})
	if f == nil || f.bad {
		return nil, nil
	}
	l.stack = []include{{f, Position{}}}
	if k := resolve(f.root); k != kindMap && k != kindNull {
		hint := "it starts with keys such as base: and plan:"
		if k == kindList {
			hint = "put the list under plan:"
		}
		l.failAt(f, f.root, fmt.Sprintf("a benchmark file is a mapping, not %s", k), hint)
		return nil, nil
	}
	return f, entries(f.root)
}

// mostPlan bounds the length of a file of YAML, in bytes: parsed, it takes many
// times its length.
const mostPlan = 64 << 20

// mostFile bounds any other file that a plan names.
const mostFile = 1 << 30

func readFile(name string) ([]byte, error) { return files.Read(name, mostFile) }

// open reads and parses a file. A file that cannot be read is a mistake at the
// place in parent that names it, which is no place for the benchmark file.
func (l *loader) open(name string, parent *file, from Position) *file {
	if f := l.plan.sources[name]; f != nil {
		return f
	}
	data, err := l.opt.Input, error(nil)
	if parent != nil || data == nil {
		data, err = l.read(name)
	}
	if err != nil {
		hint := hint.Of(err)
		if hint != "" && parent == nil {
			hint += "; drill also reads it from standard input: --benchmark -"
		}
		l.fail(parent, from, fmt.Sprintf("cannot open %s: %v", name, reason(err))+l.chain(), hint)
		return nil
	}
	if len(data) > mostPlan {
		l.fail(parent, from, fmt.Sprintf("%s is larger than %d MiB", name, mostPlan>>20)+l.chain(), "keep large bodies and lists in files of their own")
		return nil
	}
	f := &file{name: name, path: absolute(name), text: string(data), number: len(l.plan.sources)}
	l.plan.sources[name] = f
	l.parse(f)
	return f
}

// reason takes the name of a file out of an error: the message has it already.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// chain says how the file being read was reached, if it was not given by name.
func (l *loader) chain() string {
	var b strings.Builder
	for i := len(l.stack) - 1; i > 0; i-- {
		b.WriteString(", included from " + l.stack[i].from.String())
	}
	return b.String()
}

// absolute gives a name that tells whether two files are one.
func absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return filepath.Clean(name)
}

// fail reports a mistake at a place in f, which is nil if there is no place.
func (l *loader) fail(f *file, pos Position, msg, hint string) {
	if l.once(pos, msg) {
		l.mistaken(func() *Mistake { return newMistake(f, pos, msg, hint) })
	}
}

// mistaken reports a mistake, or counts it where there are too many already: it
// is not made then, for an excerpt of a long line takes a while.
func (l *loader) mistaken(mistake func() *Mistake) {
	if len(l.errs) == mostMistakes {
		l.more++
		return
	}
	l.errs = append(l.errs, mistake())
}

func (l *loader) failAt(f *file, n *yaml.Node, msg, hint string) { l.fail(f, f.pos(n), msg, hint) }

// warn reports a warning at a node, with what to do about it.
func (l *loader) warn(f *file, n *yaml.Node, text, hint string) { l.warnAt(f, f.pos(n), text, hint) }

func (l *loader) warnAt(f *file, pos Position, text, hint string) {
	if l.opt.Strict {
		l.fail(f, pos, text, hint)
		return
	}
	if hint != "" {
		text += ": " + hint
	}
	if l.once(pos, text) {
		l.plan.Warnings = append(l.plan.Warnings, Warning{pos, text})
	}
}

func (l *loader) once(pos Position, text string) bool {
	key := pos.prefix() + text
	first := !l.seen[key]
	l.seen[key] = true
	return first
}
