package main

import (
	"sync"

	"github.com/stair-stepper/stair-stepper/services/stepper/internal/document"
	"github.com/stair-stepper/stair-stepper/services/stepper/internal/malloc"
)

// mostBallast is the largest ballast, in per cent.
const mostBallast = 1000

// ballast is memory that requests hold beyond what they need: a service that has
// become greedier by a known share, for tests of what is to notice it. It is made
// of copies of their trees, so that the blocks are of the sizes that are there
// anyway and every allocator spends on them what it spends on the others.
//
// A copy is a large part of a request, so not every request gets one: what is
// owed adds up until it does.
type ballast struct {
	percent int

	mu   sync.Mutex
	owed float64 // bytes; below 0: a copy was larger than what was owed
}

// before gives what take has to know of the heap of a worker that is about to
// make a document.
func (b *ballast) before(h *malloc.Heap) int64 {
	if b.percent == 0 {
		return 0
	}
	return h.Requested()
}

// take gives the copies that a request is to hold beside its document, which was
// just made on the heap. Where memory is short there is no ballast.
func (b *ballast) take(h *malloc.Heap, doc *document.Document, before int64) []document.Document {
	if b.percent == 0 {
		return nil
	}
	var copies []document.Document
	due := float64(h.Requested()-before) * float64(b.percent) / 100
	for b.owes(due) {
		var more document.Document
		before = h.Requested()
		if doc.CopyTo(h, &more) != nil {
			return copies
		}
		copies = append(copies, more)
		due = float64(before - h.Requested())
		if due == 0 {
			return copies // a tree without blocks: no number of copies would do
		}
	}
	return copies
}

// owes adds what is due, and says whether a copy is owed now.
func (b *ballast) owes(due float64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owed += due
	return b.owed > 0
}
