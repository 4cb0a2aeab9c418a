package plan

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// deepestInclude bounds the nesting of files where links hide a cycle.
const deepestInclude = 64

// include reads the items of another file in place of the item.
func (l *loader) include(f *file, list []entry, e entry) {
	for _, other := range list {
		switch key := other.key.Value; {
		case resolve(other.key) != kindString, key == "include", key == "name":
		case slices.Contains(itemKeys, key):
			l.warn(f, other.key, fmt.Sprintf("%q has no effect beside include", key), "put it on the items of the included file")
		default:
			l.unknownKey(f, other.key, "an include", itemKeys)
		}
	}
	n := e.value
	name, ok := l.path(f, e, "an include")
	if !ok {
		return
	}
	included := l.open(name, f, f.pos(n))
	if included == nil || included.bad {
		return
	}
	if i := slices.IndexFunc(l.stack, func(s include) bool { return s.file.path == included.path }); i >= 0 {
		var path []string
		for _, s := range l.stack[i:] {
			path = append(path, s.file.name)
		}
		l.failAt(f, n, "the include goes round in a circle: "+strings.Join(append(path, name), " → ")+l.chain(), "")
		return
	}
	if len(l.stack) > deepestInclude {
		l.failAt(f, n, fmt.Sprintf("includes are nested deeper than %d files", deepestInclude), "")
		return
	}
	l.stack = append(l.stack, include{included, f.pos(n)})
	defer func() { l.stack = l.stack[:len(l.stack)-1] }()
	switch k := resolve(included.root); k {
	case kindList:
		l.itemList(included, deref(included.root))
	case kindNull:
		l.fail(included, Position{File: included.name}, "the included file is empty"+l.chain(), "")
	default:
		hint := ""
		if get(entries(included.root), "plan").value != nil {
			hint = "an included file holds the bare list, without plan:"
		}
		l.failAt(included, included.root, fmt.Sprintf("an included file is a list of items, not %s", k)+l.chain(), hint)
	}
}

// path reads the path of a file that belongs to f: it is relative to the folder
// of f. Files are read before there are any variables. what is the owner of the
// path.
func (l *loader) path(f *file, e entry, what string) (name string, ok bool) {
	n := e.value
	if v := vars.Find(n.Value); v != "" {
		l.fail(f, f.find(n, v), v+" cannot stand in the path of "+what, "files are read before there are any variables")
		return "", false
	}
	if n.Value == "" {
		l.failAt(f, e.key, "the path of "+what+" is empty", "")
		return "", false
	}
	if filepath.IsAbs(n.Value) {
		return n.Value, true
	}
	return filepath.Join(filepath.Dir(f.name), n.Value), true
}
