package load

import (
	"cmp"
	"slices"
	"sync"
)

// maxMistakes bounds the reasons that are told apart: texts with ever other
// values in them must not make a run grow.
const maxMistakes = 100

// mistakes counts broken iterations by what broke them.
type mistakes struct {
	mu     sync.Mutex
	n      map[reason]int
	others int
}

// reason is an item, by its place in the plan, and what was wrong with it.
type reason struct {
	step int
	item string
	text string
}

func (m *mistakes) count(why reason) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.n == nil {
		m.n = make(map[reason]int)
	}
	if _, known := m.n[why]; !known && len(m.n) >= maxMistakes-1 {
		m.others++
		return
	}
	m.n[why]++
}

// list gives the reasons in the order of the plan, the most frequent of an item
// first.
func (m *mistakes) list() []Mistake {
	reasons := make([]reason, 0, len(m.n))
	for why := range m.n {
		reasons = append(reasons, why)
	}
	slices.SortFunc(reasons, func(a, b reason) int {
		return cmp.Or(cmp.Compare(a.step, b.step), cmp.Compare(m.n[b], m.n[a]), cmp.Compare(a.text, b.text))
	})
	var list []Mistake
	for _, why := range reasons {
		list = append(list, Mistake{Item: why.item, Text: why.text, N: m.n[why]})
	}
	if m.others > 0 {
		list = append(list, Mistake{Text: "other mistakes", N: m.others})
	}
	return list
}
