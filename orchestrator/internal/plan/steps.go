package plan

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// assign reads an item that sets a variable.
func (l *loader) assign(it *item) {
	key, value, ok := l.pair(it)
	if !ok {
		return
	}
	l.assigned(it, it.get("assign"), key)
	l.add(&Assign{it.step, key, value})
}

// assert reads an item that looks at a variable.
func (l *loader) assert(it *item) {
	key, value, ok := l.pair(it)
	if !ok {
		return
	}
	e := get(entries(it.get("assert").value), "key")
	for _, v := range vars.Parse("{{ " + key + " }}").Variables() {
		v.Written = key // without braces
		l.flow.pending = append(l.flow.pending, use{it.f, it.f, e.value, v})
	}
	if !nameable(key) {
		hint := misnamed(key)
		if vars.Find(key) != "" {
			hint = "write it without braces"
		}
		l.warn(it.f, e.value, fmt.Sprintf("no variable can have the name %q, so this fails every time", short(key)), hint)
	}
	l.add(&Assert{it.step, key, value})
}

// pair reads the key and the value of an assign or assert. The value is text,
// whatever is written: it is compared, and filled in, as text.
func (l *loader) pair(it *item) (key, value string, ok bool) {
	l.named(it)
	e := it.get(it.form.key)
	list := entries(e.value)
	l.unknown(it.f, list, "an "+it.form.key, []string{"key", "value"})
	key, keyOK := l.text(it.f, e.key, get(list, "key"), "the key of the "+it.form.key)
	of := get(list, "value")
	if k := resolve(of.value); k == kindFloat || k == kindBool {
		return key, written(of.value), keyOK
	}
	value, valueOK := l.text(it.f, e.key, of, "the value of the "+it.form.key)
	if valueOK {
		l.literal(it.f, of.value, value)
	}
	return key, value, keyOK && valueOK
}

// nameable says whether a text in double braces is a variable, all of it.
func nameable(key string) bool {
	text := "{{ " + key + " }}"
	return vars.Find(text) == text
}

// misnamed says what keeps a text from being a variable; empty: nothing.
func misnamed(key string) string {
	for _, left := range vars.Leftovers("{{ " + key + " }}") {
		return left.Why
	}
	return ""
}

// findable says whether a variable of a name can be filled in: dots and brackets
// lead on to something inside of one.
func findable(name string) bool { return nameable(name) && isStep(name) }

// assigned takes note of a variable that an item sets. A name that no path can
// lead to is let pass with a warning, as is one that is known to be misused.
func (l *loader) assigned(it *item, e entry, name string) {
	if name == "base" {
		l.moving = true
	}
	if !findable(name) {
		hint := cmp.Or(outside(name), misnamed(name))
		l.warn(it.f, e.key, fmt.Sprintf("no {{ }} leads to a variable with the name %q", short(name)), hint)
	}
}

// assignTo reads the key assign beside a request or exec: the variable for what
// they give.
func (l *loader) assignTo(it *item) string {
	e := it.get("assign")
	switch k := resolve(e.value); k {
	case kindString:
		l.assigned(it, e, e.value.Value)
		if e.value.Value == "base" && it.form.key != "exec" {
			l.warn(it.f, e.value, "an answer is not a base: URLs that begin with a slash fail from here on", "")
		}
		return e.value.Value
	case kindMap:
		l.failAt(it.f, e.key, fmt.Sprintf("assign is a mapping beside %s: it must be the name of a variable", it.form.key), "write assign: NAME")
	case kindNull:
		if e.value != nil {
			l.warn(it.f, e.key, "assign is empty: nothing is kept", "write assign: NAME")
		}
	default:
		l.warn(it.f, e.value, fmt.Sprintf("assign is %s, not text: nothing is kept", k), asText(e.value))
	}
	return ""
}

// delay reads an item that waits. Fractions of a second and numbers in quotes
// are more than drill takes.
func (l *loader) delay(it *item) {
	l.named(it)
	e := it.get("delay")
	list := entries(e.value)
	l.unknown(it.f, list, "a delay", []string{"seconds"})
	e = entry{e.key, get(list, "seconds").value}
	var seconds float64
	err := strconv.ErrSyntax
	switch k := resolve(e.value); k {
	case kindInt, kindFloat:
		seconds, err = float(e.value.Value), nil
	case kindString:
		if v := vars.Find(e.value.Value); v != "" {
			l.fail(it.f, it.f.find(e.value, v), v+" cannot stand in a delay", "")
			return
		}
		seconds, err = decimalFloat(e.value.Value)
	case kindNull:
		l.failAt(it.f, e.key, "the delay has no seconds", example("delay"))
		return
	case kindRefused:
		return
	}
	const longest = math.MaxInt64 / float64(time.Second)
	switch {
	case err != nil && !math.IsInf(seconds, 0), math.IsNaN(seconds): // 1e400 is text, and all the same too long
		l.failAt(it.f, e.value, "the seconds of a delay must be a number", unquoted(e.value))
	case seconds < 0:
		l.failAt(it.f, e.value, fmt.Sprintf("a delay cannot last %s seconds", short(e.value.Value)), "")
	case seconds >= longest:
		l.failAt(it.f, e.value, "the delay is longer than a program can wait", "it is given in seconds")
	default:
		l.add(&Delay{it.step, time.Duration(math.Round(seconds * float64(time.Second)))})
	}
}

// exec reads an item that runs a command.
func (l *loader) exec(it *item) {
	l.named(it)
	e := it.get("exec")
	if l.opt.NoExec {
		l.failAt(it.f, e.key, "the item runs a command, and --no-exec refuses that", "leave it out with --skip-tags, or allow all commands of the plan")
	}
	list := entries(e.value)
	l.unknown(it.f, list, "an exec", []string{"command"})
	command, ok := l.text(it.f, e.key, get(list, "command"), "the command")
	assign := l.assignTo(it)
	if ok {
		text := l.template(it.f, it.f, get(list, "command").value, command)
		l.add(&Exec{it.step, text, assign})
	}
}
