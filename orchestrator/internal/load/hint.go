package load

import (
	"cmp"
	"slices"
	"sync"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// Hint is what may be done about requests that failed.
type Hint struct {
	Class    string // as Counts.Errors has it
	Text     string
	Requests int
}

// maxHints bounds the hints that are told apart: each may name what a server
// chose.
const maxHints = 20

// hints counts failures by what may be done about them.
type hints struct {
	mu sync.Mutex
	n  map[advice]int
}

type advice struct {
	class class
	text  string
}

func (h *hints) count(why class, err error) {
	text := hint.Of(err)
	if text == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.n == nil {
		h.n = map[advice]int{}
	}
	key := advice{why, text}
	if _, known := h.n[key]; known || len(h.n) < maxHints {
		h.n[key]++
	}
}

// list gives the hints, those of the most requests first.
func (h *hints) list() []Hint {
	var list []Hint
	for key, n := range h.n {
		list = append(list, Hint{key.class.String(), key.text, n})
	}
	slices.SortFunc(list, func(a, b Hint) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Text, b.Text))
	})
	return list
}
