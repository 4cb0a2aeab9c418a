package plan

import (
	"maps"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// series is what a loop goes through, before it is shuffled and picked from.
type series interface {
	Len() int
	At(i int) any // as vars.Scope takes it, or an unfit
}

// inPlan is values that stand in the plan.
type inPlan []any

func (l inPlan) Len() int     { return len(l) }
func (l inPlan) At(i int) any { return l[i] }

// numbers are those of a range.
type numbers struct {
	start, step int64
	n           int
}

func (r numbers) Len() int     { return r.n }
func (r numbers) At(i int) any { return r.start + int64(i)*r.step }

// Loop is what one request is sent for again and again in an iteration. It
// makes its elements when they are asked for, and may be used from many
// goroutines at once.
type Loop struct {
	from  series
	order []uint32 // which of them, in order; nil: the first n as they come
	n     int
}

// Element is what one request of a loop is sent for. Its values are set as the
// variables item and index before that.
type Element struct {
	Value any // as vars.Scope takes it
	Index int // from 0, after shuffling and picking
}

// NewLoop makes a Loop over values.
func NewLoop(values ...any) *Loop { return &Loop{from: inPlan(values), n: len(values)} }

// Len is how many elements there are, at least 1.
func (l *Loop) Len() int { return l.n }

// fields gives the names of what there is in the elements, each once.
func (l *Loop) fields() []string {
	switch from := l.from.(type) {
	case *records:
		return from.fields
	case inPlan:
		names := make(map[string]bool)
		for _, value := range from {
			if m, ok := value.(map[string]any); ok {
				for name := range m {
					names[name] = true
				}
			}
		}
		return slices.Collect(maps.Keys(names))
	}
	return nil
}

// has says whether a variable such as item.id stands for something in one of
// the elements.
func (l *Loop) has(name string) bool {
	from, ok := l.from.(inPlan)
	if !ok { // all of them are alike
		from = inPlan{l.from.At(0)}
	}
	scope := vars.NewScope(nil)
	for _, value := range from {
		scope.Set("item", value)
		if _, ok := scope.Get(name); ok {
			return true
		}
	}
	return false
}

// At gives one of them.
func (l *Loop) At(i int) Element {
	at := i
	if l.order != nil {
		at = int(l.order[i])
	}
	return Element{Value: l.from.At(at), Index: i}
}
