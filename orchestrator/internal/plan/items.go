package plan

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// itemKeys are the keys of an item. Those of notYet are known to drill and not
// yet to us.
var (
	itemKeys = []string{
		"name", "tags", "include", "request", "delay", "exec", "assign", "assert",
		"with_items", "with_items_range", "with_items_from_csv", "with_items_from_file", "shuffle", "pick",
	}
	notYet = itemKeys[4:]
	kinds  = itemKeys[2:] // what a misspelt key can do harm with
)

// list reads the key plan.
func (l *loader) list(f *file, top []entry) {
	e := get(top, "plan")
	switch k := resolve(e.value); {
	case e.value == nil:
		hint := "a benchmark file lists what to do under plan:"
		for _, other := range top {
			if s := suggest(other.key.Value, topKeys); s == "plan" {
				hint = fmt.Sprintf("line %d has %q: did you mean %q?", f.pos(other.key).Line, other.key.Value, s)
			}
		}
		l.fail(f, Position{File: f.name}, "plan is missing", hint)
		return
	case k != kindList:
		l.failAt(f, e.key, fmt.Sprintf("plan is %s: it must be a list of items", k), "")
		return
	}
	before := len(l.errs)
	l.itemList(f, e.value)
	switch {
	case len(l.errs) > before || len(l.plan.Items) > 0 || len(l.filter.overlap()) > 0:
	case l.items == 0:
		l.failAt(f, e.key, "plan has no items", "")
	default:
		msg, hint := l.filter.nothing(l.opt, l.items, l.tagged)
		l.fail(nil, Position{}, msg, hint)
	}
}

func (l *loader) itemList(f *file, list *yaml.Node) {
	for _, n := range list.Content {
		l.item(f, deref(n))
	}
}

// item reads one item. As in drill, an include is followed whatever its tags,
// and an item that the tags leave out is not looked into.
func (l *loader) item(f *file, n *yaml.Node) {
	if k := resolve(n); k != kindMap {
		l.failAt(f, n, fmt.Sprintf("an item is a mapping, not %s", k), "")
		return
	}
	list := entries(n)
	if e := get(list, "include"); e.value != nil {
		l.include(f, list, e)
		return
	}
	tags := l.tags(f, get(list, "tags"))
	l.items++
	for _, tag := range tags {
		l.tagged[tag] = true
	}
	if !l.filter.selects(tags) {
		return
	}
	supported := l.itemKeys(f, n, list)
	request := get(list, "request")
	if request.value == nil {
		return
	}
	name := l.name(f, n, get(list, "name"))
	r := l.request(f, request)
	if !supported || r == nil {
		return
	}
	r.Step, r.Shown = Step{name, tags, f.pos(n)}, vars.Parse(name)
	l.plan.Items = append(l.plan.Items, r)
}

// itemKeys looks at the keys of an item: one that is not supported yet is a
// mistake, and so is one that was probably meant to be a kind of item. It says
// whether there was neither.
func (l *loader) itemKeys(f *file, n *yaml.Node, list []entry) bool {
	good, kind := true, false
	for _, e := range list {
		key := e.key.Value
		switch {
		case resolve(e.key) == kindString && slices.Contains(notYet, key):
			l.failAt(f, e.key, fmt.Sprintf("%q is not supported yet", key), "")
			good, kind = false, true
		case resolve(e.key) == kindString && key == "request":
			kind = true
		case resolve(e.key) == kindString && slices.Contains(kinds, suggest(key, itemKeys)) && !slices.Contains(itemKeys, key):
			l.failAt(f, e.key, fmt.Sprintf("unknown item %q", short(key)), didYouMean(key, itemKeys))
			good, kind = false, true
		default:
			l.unknownKey(f, e.key, "an item", itemKeys)
		}
	}
	if !kind {
		l.failAt(f, n, "the item does nothing", "it needs a request or an include")
	}
	return good && kind
}

// name reads the name of an item. Drill shows it and never sends it.
func (l *loader) name(f *file, item *yaml.Node, e entry) string {
	switch k := resolve(e.value); k {
	case kindString, kindInt:
		l.literal(f, e.value)
		return e.value.Value
	case kindNull:
		l.failAt(f, item, "the item has no name", "add a line such as name: widgets")
	case kindHuge:
	default:
		l.failAt(f, e.value, fmt.Sprintf("the name is %s: it must be text", k), asText(e.value))
	}
	return ""
}

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
	if k := resolve(n); k != kindString {
		l.failAt(f, n, fmt.Sprintf("include is %s: it must be the path of a file", k), unquoted(n))
		return
	}
	if p := interpolation(n.Value); p != "" {
		l.fail(f, f.find(n, p), p+" cannot stand in the path of an include", "includes are read before there are any variables")
		return
	}
	name := n.Value
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(f.name), name)
	}
	abs := absolute(name)
	if i := slices.IndexFunc(l.stack, func(s include) bool { return s.name == abs }); i >= 0 || len(l.stack) > deepestInclude {
		var path []string
		for _, s := range l.stack[max(i, 0):] {
			path = append(path, s.file.name)
		}
		if i < 0 {
			l.failAt(f, n, fmt.Sprintf("includes are nested deeper than %d files", deepestInclude), "")
			return
		}
		l.failAt(f, n, "the include goes round in a circle: "+strings.Join(append(path, name), " → ")+l.chain(), "")
		return
	}
	included := l.open(name, f, f.pos(n))
	if included == nil || included.bad {
		return
	}
	l.stack = append(l.stack, include{abs, included, f.pos(n)})
	defer func() { l.stack = l.stack[:len(l.stack)-1] }()
	switch k := resolve(included.root); k {
	case kindList:
		l.itemList(included, included.root)
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
