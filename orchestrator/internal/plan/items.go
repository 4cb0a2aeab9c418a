package plan

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// form is a kind of item: the key that makes an item one, what must stand
// there, and the further keys that mean something beside it.
type form struct {
	key    string
	takes  []kind
	beside []string
	read   func(l *loader, it *item)
}

// loops and steps are the kinds of items in the order in which drill looks for
// them: the first that an item has the key of is what it is. A loop needs a
// request beside it.
var (
	loops = []form{
		{"with_items", []kind{kindList}, besideLoop, (*loader).withItems},
		{"with_items_range", []kind{kindMap}, besideLoop, (*loader).withRange},
		{"with_items_from_csv", []kind{kindString, kindMap}, besideLoop, (*loader).withCSV},
		{"with_items_from_file", []kind{kindString, kindMap}, besideLoop, (*loader).withFile},
	}
	steps = []form{
		{"delay", []kind{kindMap}, nil, (*loader).delay},
		{"exec", []kind{kindMap}, []string{"assign"}, (*loader).exec},
		{"assign", []kind{kindMap}, nil, (*loader).assign},
		{"assert", []kind{kindMap}, nil, (*loader).assert},
		{"request", []kind{kindMap}, []string{"assign", "success_codes"}, (*loader).plainRequest},
	}
	besideLoop = []string{"request", "assign", "shuffle", "pick", "success_codes"}
)

// itemKeys are the keys that items can have; formKeys those that make one.
var (
	itemKeys = append([]string{"name", "tags", "include", "shuffle", "pick", "success_codes"}, formKeys...)
	formKeys = []string{
		"request", "delay", "exec", "assign", "assert",
		"with_items", "with_items_range", "with_items_from_csv", "with_items_from_file",
	}
)

// item is one item of a file while it is read.
type item struct {
	f    *file
	node *yaml.Node
	list []entry
	form form
	step Step
}

func (it *item) get(key string) entry { return get(it.list, key) }

// items reads the key plan.
func (l *loader) items(f *file, top []entry) {
	e := get(top, "plan")
	switch k := resolve(e.value); {
	case e.value == nil:
		hint := "a benchmark file lists what to do under plan:"
		for _, other := range top {
			if s := words.Nearest(other.key.Value, topKeys); s == "plan" {
				hint = fmt.Sprintf("line %d has %q: did you mean %q?", f.pos(other.key).Line, other.key.Value, s)
			}
		}
		l.fail(f, Position{File: f.name}, "plan is missing", hint)
		return
	case k != kindList:
		l.failAt(f, e.key, fmt.Sprintf("plan is %s: it must be a list of items", k), "")
		return
	}
	before, mistakes := len(l.plan.Items), len(l.errs)
	l.itemList(f, e.value)
	switch {
	case len(l.errs) > mistakes || len(l.plan.Items) > before || len(l.filter.overlap()) > 0 || l.listing != nil:
	case l.found == 0:
		l.failAt(f, e.key, "plan has no items", "")
	case l.selected > 0:
		l.failAt(f, e.key, "nothing is left to do: every loop of the plan is empty", "")
	default:
		msg, hint := l.filter.nothing(l.opt, l.found, l.tagged)
		var kind error
		if l.filter.given {
			kind = ErrNoneSelected
		}
		l.mistaken(func() *Mistake { return &Mistake{Msg: msg, Advice: hint, kind: kind} })
	}
}

// mostItems bounds what a plan may come to: files that include each other, and
// loops, can multiply without end.
const mostItems = 1_000_000

func (l *loader) itemList(f *file, list *yaml.Node) {
	for _, n := range list.Content {
		l.met++
		if l.met == mostItems+1 {
			l.failAt(f, n, fmt.Sprintf("the plan has more than %d items", mostItems), "")
		}
		if l.met > mostItems {
			return
		}
		l.item(f, deref(n))
	}
}

// item reads one item. As in drill, an include is followed whatever its tags,
// and an item that the tags leave out is not looked into. Nor is one that is
// only to be listed.
func (l *loader) item(f *file, n *yaml.Node) {
	list := entries(n)
	if e := get(list, "include"); resolve(e.value) == kindString {
		l.include(f, list, e)
		return
	}
	tags := l.tags(f, get(list, "tags"))
	l.found++
	for _, tag := range tags {
		l.tagged[tag] = true
	}
	if !l.filter.selects(tags) {
		l.flow.skip(list)
		return
	}
	l.selected++
	if l.listing != nil {
		l.task(f, n)
		return
	}
	if k := resolve(n); k != kindMap {
		l.failAt(f, n, fmt.Sprintf("an item is a mapping, not %s", k), "")
		return
	}
	form, ok := formOf(list)
	if !ok {
		l.noForm(f, n, list)
		return
	}
	it := &item{f, n, list, form, Step{Tags: tags, Pos: f.pos(n)}}
	l.flow.begin(f, list, form)
	l.besides(it)
	form.read(l, it)
}

// formOf gives the kind of an item with these entries, if it is of any.
func formOf(list []entry) (form, bool) {
	is := func(f form) bool { return slices.Contains(f.takes, resolve(get(list, f.key).value)) }
	if resolve(get(list, "request").value) == kindMap {
		if i := slices.IndexFunc(loops, is); i >= 0 {
			return loops[i], true
		}
	}
	if i := slices.IndexFunc(steps, is); i >= 0 {
		return steps[i], true
	}
	return form{}, false
}

// besides warns of the keys of an item that are without effect.
func (l *loader) besides(it *item) {
	for _, e := range it.list {
		key := e.key.Value
		switch {
		case resolve(e.key) != kindString || !slices.Contains(itemKeys, key):
			l.unknownKey(it.f, e.key, inItem, itemKeys)
		case key == "name", key == "tags", key == it.form.key, slices.Contains(it.form.beside, key):
		case key == "request" && it.form.key == "assign":
			l.warn(it.f, e.key, "the request is not sent, because assign is a mapping", "to keep its answer write assign: NAME")
		case it.form.key == "request" && isLoop(key):
			l.warn(it.f, e.key, fmt.Sprintf("%s is %s, so the request is sent once", key, resolve(e.value)), "it must be "+takes(key))
		default:
			l.warn(it.f, e.key, fmt.Sprintf("%q has no effect beside %s", key, it.form.key), "")
		}
	}
}

func isLoop(key string) bool {
	return slices.ContainsFunc(loops, func(f form) bool { return f.key == key })
}

// takes says what must stand at a key that makes an item.
func takes(key string) string {
	for _, f := range slices.Concat(loops, steps) {
		if f.key == key {
			var names []string
			for _, k := range f.takes {
				names = append(names, k.String())
			}
			return strings.Join(names, " or ")
		}
	}
	return ""
}

// noForm says why an item is none that drill knows.
func (l *loader) noForm(f *file, n *yaml.Node, list []entry) {
	said := false
	for _, e := range list {
		key := e.key.Value
		switch {
		case resolve(e.key) != kindString:
			l.unknownKey(f, e.key, inItem, itemKeys)
			continue
		case key == "request":
			l.failAt(f, e.key, fmt.Sprintf("request is %s: it must be a mapping with a url", resolve(e.value)), "")
		case isLoop(key):
			if get(list, "request").value != nil {
				continue // which is what is wrong
			}
			l.failAt(f, e.key, fmt.Sprintf("%s is a loop without a request", key), "put a request beside it")
		case slices.Contains(formKeys, key):
			l.failAt(f, e.key, fmt.Sprintf("%s is %s: it must be a mapping", key, resolve(e.value)), example(key))
		case key == "include":
			l.failAt(f, e.value, fmt.Sprintf("include is %s: it must be the path of a file", resolve(e.value)), unquoted(e.value))
		case slices.Contains(itemKeys, key):
			continue
		case slices.Contains(formKeys, words.Nearest(key, itemKeys)) || words.Nearest(key, itemKeys) == "include":
			l.failAt(f, e.key, fmt.Sprintf("unknown item %q", short(key)), words.DidYouMean(key, itemKeys))
		default:
			l.unknownKey(f, e.key, inItem, itemKeys)
			continue
		}
		said = true
	}
	if !said {
		l.failAt(f, n, "the item does nothing", "it needs a request, assign, assert, delay, exec or include")
	}
}

// example shows how an item of a kind is written.
func example(key string) string {
	return map[string]string{
		"delay":  "write delay: {seconds: 1}",
		"exec":   "write exec: {command: date}",
		"assign": "write assign: {key: NAME, value: TEXT}, or put a request or exec beside it to keep what it gives",
		"assert": "write assert: {key: NAME, value: TEXT}",
	}[key]
}

// named reads the name of an item. Drill shows it and never sends it.
func (l *loader) named(it *item) {
	e := it.get("name")
	if resolve(e.value) == kindNull {
		l.failAt(it.f, it.node, "the item has no name", "add a line such as name: widgets")
		return
	}
	it.step.Name, _ = l.text(it.f, it.node, e, "the name")
}

// text reads what is text or, in drill, an integer, which is given in decimal
// digits. what names it; at is where it should be if it is missing.
func (l *loader) text(f *file, at *yaml.Node, e entry, what string) (text string, ok bool) {
	switch k := resolve(e.value); k {
	case kindString:
		return e.value.Value, true
	case kindInt:
		return decimal(e.value), true
	case kindNull:
		if e.value != nil {
			at = e.key
		}
		l.failAt(f, at, what+" is missing", "")
	case kindRefused: // reported already
	default:
		l.failAt(f, e.value, fmt.Sprintf("%s is %s: it must be text", what, k), asText(e.value))
	}
	return "", false
}
