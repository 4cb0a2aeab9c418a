package main

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stair-stepper/stair-stepper/services/stepper/internal/document"
	"github.com/stair-stepper/stair-stepper/services/stepper/internal/malloc"
)

// TestBallast adds up what so many requests hold, with ballast and without.
func TestBallast(t *testing.T) {
	heap, err := malloc.NewHeap()
	if err != nil {
		t.Fatal(err)
	}
	var parser document.Parser
	body := `{"payload":{"words":[` + strings.Repeat(`"some text",`, 500) + `null],"deep":{"a":{"b":[1,2,3]}}}}`
	check := func(percent, requests int, body string, want, within float64) {
		t.Helper()
		b := ballast{percent: percent}
		var needed, held float64
		for range requests {
			var doc document.Document
			before, at := b.before(heap), heap.Requested()
			if err := parser.Parse(heap, &doc, unsafe.Pointer(unsafe.StringData(body)), len(body)); err != nil {
				t.Fatal(err)
			}
			if err := doc.Encode(heap); err != nil {
				t.Fatal(err)
			}
			needed += float64(heap.Requested() - at)
			excess := b.take(heap, &doc, before)
			held += float64(heap.Requested() - at)
			doc.Free(heap)
			for i := range excess {
				excess[i].Free(heap)
			}
		}
		if got := held/needed - 1; got < want-within || got > want+within {
			t.Errorf("%d %%: requests hold %.1f %% more, want %.1f %%", percent, 100*got, 100*want)
		}
		if left := heap.Requested(); left != 0 {
			t.Errorf("%d %%: %d bytes are left", percent, left)
		}
	}
	check(0, 10, body, 0, 0)
	check(20, 100, body, 0.2, 0.01)
	check(250, 10, body, 2.5, 0.1)
	check(1000, 3, `{"payload":1}`, 0, 0)
}
