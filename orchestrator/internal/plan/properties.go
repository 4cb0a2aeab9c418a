package plan

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// topKeys are the keys of a benchmark file.
var topKeys = []string{"base", "iterations", "concurrency", "rampup", "arrival_rate", "success_codes", "plan", "lab"}

// property is one of the numbers of a benchmark file.
type property struct {
	value int
	pos   Position // zero: not in the file
}

// properties reads base, iterations, concurrency, ramp-up and rate. What is no
// number counts as not given, as in drill, but with a warning.
func (l *loader) properties(f *file, top []entry) {
	p := l.plan
	l.readBase(f, get(top, "base"))
	p.Iterations = l.number(f, top, number{"iterations", 1, 1}).value
	p.asked = l.number(f, top, number{"concurrency", 0, 1})
	seconds := l.number(f, top, number{"rampup", 0, 0})
	if seconds.value > math.MaxInt64/int(time.Second) {
		l.fail(f, seconds.pos, "rampup is longer than a program can wait", "it is given in seconds")
		seconds.value = 0
	}
	p.Rampup = time.Duration(seconds.value) * time.Second
	l.rate(f, get(top, "arrival_rate"))
	l.successes = l.successCodes(f, get(top, "success_codes"))
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

// number is a whole number at the top of a benchmark file.
type number struct {
	key      string
	standard int // what it is where there is none
	least    int
}

// number reads a number; a text that holds one will do, with variables of the
// environment filled in.
func (l *loader) number(f *file, top []entry, want number) property {
	key := want.key
	n := get(top, key).value
	none := property{value: want.standard}
	ignored := func(why string) property {
		l.warn(f, n, fmt.Sprintf("%s is %s: it is ignored", key, why), "")
		return none
	}
	refused := func(why string, negative bool) property {
		l.plan.Refused = append(l.plan.Refused, Refused{key, negative})
		return ignored(why)
	}
	var value int64
	switch k := resolve(n); k {
	case kindNull, kindRefused: // not given; reported already
		return none
	case kindInt:
		i, ok := signed(n)
		if !ok {
			return ignored("too large")
		}
		value = i
	case kindString:
		i, err := strconv.ParseInt(l.filled(f, n, key), 10, 64)
		if err != nil {
			return refused("not a whole number", false)
		}
		value = i
	default:
		l.warn(f, n, key+" is not a whole number: it is ignored", unquoted(n))
		return none
	}
	switch {
	case value < 0:
		return refused("negative", true)
	case value < int64(want.least):
		l.failAt(f, n, fmt.Sprintf("%s is %d", key, value), fmt.Sprintf("%s must be at least %d", key, want.least))
		return none
	}
	return property{int(value), f.pos(n)}
}

// filled gives a text with variables of the environment filled in; one that is
// unknown there is left out, with a warning.
func (l *loader) filled(f *file, n *yaml.Node, key string) string {
	text, _ := vars.Parse(n.Value).Render(vars.NewScope(l.opt.Env), func(name string) {
		l.warn(f, n, fmt.Sprintf("the environment has no %s for %s", name, key), "")
	})
	return text
}

// rate reads how many iterations start in a second. The key is not drill's, so
// nothing wrong in it is passed over.
func (l *loader) rate(f *file, e entry) {
	text := ""
	switch k := resolve(e.value); k {
	case kindNull, kindRefused:
		return
	case kindInt:
		text = decimal(e.value)
	case kindFloat: // as it is written, for an infinity is written down as nothing
		text = e.value.Value
	case kindString:
		text = l.filled(f, e.value, "arrival_rate")
	default:
		l.failAt(f, e.value, fmt.Sprintf("arrival_rate is %s", k), cmp.Or(unquoted(e.value), rateHint))
		return
	}
	rate, err := ParseRate(text)
	if err != nil {
		l.failAt(f, e.value, fmt.Sprintf("the arrival_rate %q %v", short(text), err), rateHint)
		return
	}
	l.plan.Rate = rate
}

const rateHint = "write how many iterations start in a second, such as 40, 40/s or 2400/m"
