package plan

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// topKeys are the keys of a benchmark file.
var topKeys = []string{"base", "iterations", "concurrency", "rampup", "plan", "lab"}

// property is one of the numbers of a benchmark file.
type property struct {
	value int
	pos   Position // zero: not in the file
}

// topLevel warns of top-level keys that mean nothing.
func (l *loader) topLevel(f *file, top []entry) {
	l.unknown(f, top, "a benchmark file", topKeys)
}

// properties reads base, iterations, concurrency and ramp-up. What is no number
// counts as not given, as in drill, but with a warning.
func (l *loader) properties(f *file, top []entry) {
	p := l.plan
	if e := get(top, "base"); e.value != nil {
		switch k := resolve(e.value); {
		case k == kindString:
			l.base = e.value
			p.Base = e.value.Value
			l.literal(f, e.value)
		case k != kindNull:
			l.warn(f, e.value, fmt.Sprintf("base is %s, not text: it is ignored", k), unquoted(e.value))
		}
	}
	p.Iterations = l.number(f, top, "iterations", 1, 1).value
	p.asked = l.number(f, top, "concurrency", 0, 1)
	seconds := l.number(f, top, "rampup", 0, 0)
	if seconds.value > math.MaxInt64/int(time.Second) {
		l.fail(f, seconds.pos, "rampup is longer than a program can wait", "it is given in seconds")
		seconds.value = 0
	}
	p.Rampup = time.Duration(seconds.value) * time.Second
	if w, lowered := p.settle(); lowered {
		l.warnAt(f, w.Pos, w.Text, "")
	}
}

// settle works out the concurrency. It gives a warning if it had to be lowered.
func (p *Plan) settle() (w Warning, lowered bool) {
	if p.Iterations > 0 {
		p.iterations = p.Iterations
	}
	p.Concurrency = p.asked.value
	if p.Concurrency == 0 {
		p.Concurrency = p.iterations
	}
	if p.Iterations == 0 || p.Concurrency <= p.Iterations {
		return Warning{}, false
	}
	p.Concurrency = p.Iterations
	return Warning{p.asked.pos, p.lowered()}, true
}

// lowered is the text of the warning that settle gives.
func (p *Plan) lowered() string {
	return fmt.Sprintf("concurrency %d is more than the iterations: lowered to %d", p.asked.value, p.Iterations)
}

// number reads a whole number of at least least; a text that holds one will do.
// Without one it is standard.
func (l *loader) number(f *file, top []entry, key string, standard, least int) property {
	n := get(top, key).value
	none := property{value: standard}
	var value int64
	var err error
	switch k := resolve(n); k {
	case kindNull:
		return none
	case kindInt:
		value, err = integer(n.Value)
	case kindString:
		if !l.literal(f, n) {
			return none
		}
		value, err = strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			l.warn(f, n, fmt.Sprintf("%s is not a whole number: it is ignored", key), "")
			return none
		}
	case kindHuge:
		return none // reported already
	default:
		l.warn(f, n, fmt.Sprintf("%s is not a whole number: it is ignored", key), unquoted(n))
		return none
	}
	switch {
	case err != nil:
		l.failAt(f, n, fmt.Sprintf("%s is not a number: %v", key, err), "")
		return none
	case value < 0:
		l.warn(f, n, fmt.Sprintf("%s is negative: it is ignored", key), "")
		return none
	case value < int64(least):
		l.failAt(f, n, fmt.Sprintf("%s is %d", key, value), fmt.Sprintf("%s must be at least %d", key, least))
		return none
	}
	return property{int(value), f.pos(n)}
}

// asText is the hint for a value that has to be text.
func asText(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return "quote it"
	}
	return unquoted(n)
}

// unquoted is the hint for a value that was meant as an interpolation: without
// quotes its braces are two mappings to YAML.
func unquoted(n *yaml.Node) string {
	n = deref(n)
	if resolve(n) == kindMap && len(n.Content) == 2 && resolve(n.Content[0]) == kindMap {
		return `quote the value: "{{ … }}"`
	}
	return ""
}
