package plan

import (
	"fmt"
	"math/rand/v2"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// elements are the values that a loop goes through; not good after a mistake.
type elements struct {
	values []any
	good   bool
}

// loopKey is the kind of a loop and what stands there.
type loopKey struct {
	kind string
	node *yaml.Node
}

// elements gives what read makes of n, or has made of it: an item can be there
// many times, through includes and aliases.
func (l *loader) elements(it *item, n *yaml.Node, read func() elements) elements {
	key := loopKey{it.form.key, n}
	e, ok := l.loops[key]
	if !ok {
		e = read()
		l.loops[key] = e
	}
	return e
}

// withItems reads a loop over a list that stands in the plan.
func (l *loader) withItems(it *item) {
	e := it.get("with_items")
	r := l.request(it)
	values := l.elements(it, e.value, func() elements { return l.listed(it.f, e.value) })
	l.loop(it, r, values, "with_items has no elements")
}

func (l *loader) listed(f *file, list *yaml.Node) elements {
	values := elements{good: true}
	for _, n := range list.Content {
		n = deref(n)
		if tagged := custom(n); tagged != nil {
			l.failAt(f, tagged, fmt.Sprintf("a value with the tag %s cannot be filled in", short(ownTag(tagged))), "take the tag away")
			values.good = false
		}
		if v := vars.Find(n.Value); v != "" && resolve(n) == kindString {
			l.fail(f, f.find(n, v), v+" cannot stand in with_items", "the values of a loop are fixed before there are any variables")
			values.good = false
		}
		values.values = append(values.values, value(n))
	}
	return values
}

// withRange reads a loop over numbers.
func (l *loader) withRange(it *item) {
	e := it.get("with_items_range")
	r := l.request(it)
	list := entries(e.value)
	l.unknown(it.f, list, "a range", []string{"start", "stop", "step"})
	start, startOK := l.bound(it.f, e, "start")
	stop, stopOK := l.bound(it.f, e, "stop")
	step, stepOK := int64(1), true
	if get(list, "step").value != nil {
		step, stepOK = l.bound(it.f, e, "step")
	}
	if stepOK && step == 0 {
		l.failAt(it.f, get(list, "step").value, "the step of a range is 0", "it must be at least 1")
	}
	if !startOK || !stopOK || !stepOK || step == 0 {
		return
	}
	at := get(list, "start").value
	switch {
	case start <= 0:
		l.warn(it.f, at, fmt.Sprintf("a range from %d is empty, as in drill: the request is never sent", start), "begin it at 1 or above")
		return
	case stop < start:
		l.warn(it.f, at, fmt.Sprintf("the range ends at %d, before it begins: the request is never sent", stop), "")
		return
	case step < 0:
		l.warn(it.f, get(list, "step").value, fmt.Sprintf("a range with a step of %d is its first number alone", step), "")
		step = stop
	}
	n := (stop-start)/step + 1
	if n > mostItems {
		l.failAt(it.f, e.key, fmt.Sprintf("the range has more than %d numbers", mostItems), "")
		return
	}
	values := make([]any, n)
	for i := range values {
		values[i] = start + int64(i)*step
	}
	l.loop(it, r, elements{values, true}, "")
}

// bound reads one of the numbers of a range.
func (l *loader) bound(f *file, e entry, key string) (int64, bool) {
	n := get(entries(e.value), key).value
	i, ok := signed(n)
	switch k := resolve(n); {
	case ok, k == kindHuge:
	case n == nil:
		l.failAt(f, e.key, "the range has no "+key, unquoted(e.value))
	case vars.Find(n.Value) != "":
		v := vars.Find(n.Value)
		l.fail(f, f.find(n, v), v+" cannot stand in a range", "the values of a loop are fixed before there are any variables")
	case k == kindInt:
		l.failAt(f, n, fmt.Sprintf("the %s of a range is too large", key), "")
	case k == kindFloat:
		l.failAt(f, n, fmt.Sprintf("the %s of a range must be a whole number", key), "")
	default:
		l.failAt(f, n, fmt.Sprintf("the %s of a range is %s: it must be a whole number", key, k), unquoted(n))
	}
	return i, ok
}

// loop shuffles and picks the values, and repeats the request for each.
func (l *loader) loop(it *item, r *Request, from elements, empty string) {
	if !from.good {
		return
	}
	values := l.shuffled(it, from.values)
	if len(values) == 0 && empty != "" {
		l.warn(it.f, it.get(it.form.key).key, empty+": the request is never sent", "")
	}
	values, ok := l.picked(it, values)
	if !ok || r == nil {
		return
	}
	if l.met += len(values); l.met > mostItems {
		l.failAt(it.f, it.get(it.form.key).key, fmt.Sprintf("with this loop the plan has more than %d items", mostItems), "")
		return
	}
	requests := make([]Request, len(values))
	elements := make([]Element, len(values))
	for i, value := range values {
		elements[i] = Element{value, i}
		requests[i] = *r
		requests[i].Element = &elements[i]
		l.plan.Items = append(l.plan.Items, &requests[i])
	}
}

// shuffled gives the values in another order if the item asks for that. The
// order is made here, once: all iterations have the same.
func (l *loader) shuffled(it *item, values []any) []any {
	e := it.get("shuffle")
	switch k := resolve(e.value); {
	case k == kindNull:
		return values
	case k != kindBool:
		l.warn(it.f, e.value, fmt.Sprintf("shuffle is %s, not a truth value: it is ignored", k), "write shuffle: true")
		return values
	case !isTrue(e.value):
		return values
	}
	if l.order == nil {
		l.plan.Seed = l.opt.Seed
		for l.plan.Seed == 0 {
			l.plan.Seed = rand.Uint64()
		}
		l.order = rand.New(rand.NewPCG(l.plan.Seed, 0))
	}
	values = append([]any(nil), values...) // for they may be another loop's too
	l.order.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	return values
}

// picked gives the first values if the item asks for that.
func (l *loader) picked(it *item, values []any) ([]any, bool) {
	e := it.get("pick")
	n, ok := signed(e.value)
	switch k := resolve(e.value); {
	case k == kindNull:
		return values, true
	case k == kindHuge:
		return nil, false
	case !ok:
		l.warn(it.f, e.value, "pick is not a whole number: it is ignored", "")
		return values, true
	case n < 0:
		l.failAt(it.f, e.value, fmt.Sprintf("pick is %d", n), "it must be at least 0")
		return nil, false
	case n > int64(len(values)) && it.form.key == "with_items_range":
		return values, true // drill lets this pass, for ranges alone
	case n > int64(len(values)):
		l.failAt(it.f, e.value, fmt.Sprintf("pick is %d, and the loop has %s", n, count(len(values), "element")), "")
		return nil, false
	case n == 0:
		l.warn(it.f, e.value, "pick is 0: the request is never sent", "")
	}
	return values[:n], true
}

// count says how many there are of a thing.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
