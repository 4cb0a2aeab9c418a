package plan

import (
	"fmt"
	"math/rand/v2"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// elements are the values that a loop goes through, some of them perhaps unfit;
// not good after a mistake.
type elements struct {
	values []any
	good   bool
}

// unfit is a value that no request can be made for. It is a mistake once it is
// picked, and not before.
type unfit struct {
	f         *file
	pos       Position
	msg, hint string
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
	values := l.elements(it, e.value, func() elements { return l.listed(it.f, e.value) })
	l.loop(it, values, "with_items has no elements")
}

func (l *loader) listed(f *file, list *yaml.Node) elements {
	values := elements{good: true}
	for _, n := range list.Content {
		values.values = append(values.values, l.listedValue(f, deref(n)))
	}
	return values
}

// listedValue gives what n stands for, or an unfit.
func (l *loader) listedValue(f *file, n *yaml.Node) any {
	if tagged := custom(n); tagged != nil {
		return unfit{f, f.pos(tagged), fmt.Sprintf("a value with the tag %s cannot be filled in", short(ownTag(tagged))), "take the tag away"}
	}
	if v := vars.Find(n.Value); v != "" && resolve(n) == kindString {
		return unfit{f, f.find(n, v), v + " cannot stand in with_items", "the values of a loop are fixed before there are any variables"}
	}
	l.literals(f, n)
	return value(n)
}

// withRange reads a loop over numbers.
func (l *loader) withRange(it *item) {
	e := it.get("with_items_range")
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
		l.loop(it, elements{}, "")
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
	l.loop(it, elements{values, true}, "")
}

// bound reads one of the numbers of a range.
func (l *loader) bound(f *file, e entry, key string) (int64, bool) {
	n := get(entries(e.value), key).value
	i, ok := signed(n)
	switch k := resolve(n); {
	case ok, k == kindRefused:
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

// loop shuffles and picks the values, and repeats the request for each. As in
// drill, a request that is never sent is not looked into.
func (l *loader) loop(it *item, from elements, empty string) {
	values, ok := l.chosen(it, from, empty)
	if ok && len(values) == 0 {
		return
	}
	if r := l.request(it); ok && r != nil {
		l.repeat(it, r, values)
	}
}

// chosen gives the values of a loop that requests are made for, in their order.
// empty says that there are none at all.
func (l *loader) chosen(it *item, from elements, empty string) ([]any, bool) {
	if !from.good {
		return nil, false
	}
	values := l.shuffled(it, from.values)
	if len(values) == 0 && empty != "" {
		l.warn(it.f, it.get(it.form.key).key, empty+": the request is never sent", "")
	}
	values, ok := l.picked(it, values)
	for _, value := range values {
		if u, is := value.(unfit); is {
			l.fail(u.f, u.pos, u.msg, u.hint)
			ok = false
		}
	}
	return values, ok
}

// repeat makes a request of each value.
func (l *loader) repeat(it *item, r *Request, values []any) {
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

// mostSeeds is how many a load chooses from: each of them goes through JSON, as
// most programs read it, without a change.
const mostSeeds = 1 << 52

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
		if l.plan.Seed == 0 {
			l.plan.Seed = 1 + rand.Uint64N(mostSeeds)
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
	case k == kindRefused:
		return nil, false
	case k == kindInt && !ok:
		l.warn(it.f, e.value, "pick is too large: it is ignored", "")
		return values, true
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
