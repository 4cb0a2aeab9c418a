package plan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

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
// many times, through includes and aliases. It is nil after a mistake.
func (l *loader) elements(it *item, n *yaml.Node, read func() series) series {
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
	values := l.elements(it, e.value, func() series { return l.listed(it.f, e.value) })
	l.loop(it, values, "with_items has no elements")
}

func (l *loader) listed(f *file, list *yaml.Node) inPlan {
	values := make(inPlan, len(list.Content))
	for i, n := range list.Content {
		values[i] = l.listedValue(f, deref(n))
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
		l.loop(it, nil, "")
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
	l.loop(it, numbers{start, step, int(n)}, "")
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
// drill, a request that is never sent is not looked into. empty says that there
// are no values at all.
func (l *loader) loop(it *item, from series, empty string) {
	loop, ok := l.chosen(it, from, empty)
	if ok && loop.n == 0 {
		return
	}
	r := l.request(it)
	if !ok || r == nil || !l.bounded(it, loop) {
		return
	}
	r.Loop = loop
	l.add(r)
}

// chosen gives the values of a loop that requests are made for, in their order.
func (l *loader) chosen(it *item, from series, empty string) (*Loop, bool) {
	if from == nil {
		l.flow.unread = true
		return nil, false
	}
	loop := &Loop{from: from, n: from.Len()}
	if loop.n == 0 && empty != "" {
		l.warn(it.f, it.get(it.form.key).key, empty+": the request is never sent", "")
	}
	ok := l.shuffle(it, loop) && l.pick(it, loop)
	if _, given := from.(inPlan); given && ok {
		for i := range loop.n {
			if u, is := loop.At(i).Value.(unfit); is {
				l.fail(u.f, u.pos, u.msg, u.hint)
				ok = false
			}
		}
	}
	return loop, ok
}

// bounded says whether the plan with a loop is not too large. The rows of files
// do not count: they are there, not made of a few words.
func (l *loader) bounded(it *item, loop *Loop) bool {
	if _, file := loop.from.(*records); file {
		return true
	}
	if l.met += loop.n; l.met <= mostItems {
		return true
	}
	l.failAt(it.f, it.get(it.form.key).key, fmt.Sprintf("with this loop the plan has more than %d items", mostItems), "")
	return false
}

// mostSeeds is how many a load chooses from: each of them goes through JSON, as
// most programs read it, without a change.
const mostSeeds = 1 << 52

// shuffle puts the values into another order if the item asks for that. The
// order is made here, once: all iterations have the same.
func (l *loader) shuffle(it *item, loop *Loop) bool {
	e := it.get("shuffle")
	switch k := resolve(e.value); {
	case k == kindNull:
		return true
	case k != kindBool:
		l.warn(it.f, e.value, fmt.Sprintf("shuffle is %s, not a truth value: it is ignored", k), "write shuffle: true")
		return true
	case !isTrue(e.value):
		return true
	case loop.n > math.MaxUint32:
		l.failAt(it.f, e.value, fmt.Sprintf("%d elements are too many to shuffle", loop.n), "")
		return false
	}
	if l.order == nil {
		l.plan.Seed = l.opt.Seed
		if l.plan.Seed == 0 {
			l.plan.Seed = 1 + rand.Uint64N(mostSeeds)
		}
		l.order = rand.New(rand.NewPCG(l.plan.Seed, 0))
	}
	order := make([]uint32, loop.n)
	for i := range order {
		order[i] = uint32(i)
	}
	l.order.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	loop.order = order
	return true
}

// pick keeps the first values alone if the item asks for that.
func (l *loader) pick(it *item, loop *Loop) bool {
	e := it.get("pick")
	n, ok := signed(e.value)
	switch k := resolve(e.value); {
	case k == kindNull:
		return true
	case k == kindRefused:
		return false
	case k == kindInt && !ok:
		l.warn(it.f, e.value, "pick is too large: it is ignored", "")
		return true
	case !ok:
		l.warn(it.f, e.value, "pick is not a whole number: it is ignored", "")
		return true
	case n < 0:
		l.failAt(it.f, e.value, fmt.Sprintf("pick is %d", n), "it must be at least 0")
		return false
	case n > int64(loop.n) && it.form.key == "with_items_range":
		return true // drill lets this pass, for ranges alone
	case n > int64(loop.n):
		l.failAt(it.f, e.value, fmt.Sprintf("pick is %d, and the loop has %s", n, words.Plural(loop.n, "element", "elements")), "")
		return false
	case n == 0:
		l.warn(it.f, e.value, "pick is 0: the request is never sent", "")
	}
	loop.n = int(n)
	if loop.order != nil {
		loop.order = slices.Clone(loop.order[:n])
	}
	return true
}
