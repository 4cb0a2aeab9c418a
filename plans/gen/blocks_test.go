package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"testing"
)

// classes are the upper bounds of the sizes in a histogram of blocks.
var classes = []int{2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}

// histogram counts the heap blocks of one request: parse the body into a tree
// of exact blocks, then clone the tree.
type histogram struct {
	counts map[int]int // by class
	total  int
	items  int
}

func (h *histogram) add(size, times int) {
	h.total += times
	for _, c := range classes {
		if size <= c {
			h.counts[c] += times
			return
		}
	}
}

// walk adds a value. A key is made three times by the parser and once by the
// clone, a string once by each. An object is a B-tree of at most 11 keys a
// node: at 22 keys that is three leaves and an inner node. An array grows to
// four elements of 32 bytes and then doubles in place; its clone is exact.
func (h *histogram) walk(v any) error {
	switch v := v.(type) {
	case string:
		if v == "" {
			return fmt.Errorf("an empty string")
		}
		h.add(len(v), 2)
	case []any:
		h.add(4*32, 1)
		h.add(len(v)*32, 1)
		for _, e := range v {
			if err := h.walk(e); err != nil {
				return err
			}
		}
	case map[string]any:
		nodes := 1
		switch len(v) {
		case 1, 2:
		case 22:
			nodes = 4
			h.items++
		default:
			return fmt.Errorf("an object of %d keys", len(v))
		}
		h.add(1024, 2*nodes)
		for k, e := range v {
			h.add(len(k), 4)
			if err := h.walk(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// blocks counts those of a body.
func blocks(body string) (histogram, error) {
	h := histogram{counts: make(map[int]int)}
	d := json.NewDecoder(bytes.NewReader([]byte(body)))
	d.UseNumber()
	var root struct{ Payload []any }
	if err := d.Decode(&root); err != nil {
		return h, err
	}
	for _, e := range root.Payload {
		if err := h.walk(e); err != nil {
			return h, err
		}
	}
	return h, nil
}

// TestBlocks holds the bodies to the allocation pattern that they are made for:
// measured counts of a request of 539 events, and totals of all four sizes.
func TestBlocks(t *testing.T) {
	medium := map[int]int{2: 7854, 4: 19718, 8: 36656, 16: 13413, 32: 5394, 64: 3247, 128: 1621, 256: 541, 512: 1081, 1024: 7552}
	check := func(name string, items, total int, totalTolerance, classTolerance float64) {
		t.Helper()
		h, err := blocks(committed(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if h.items != items {
			t.Errorf("%s: %d events; want %d", name, h.items, items)
		}
		near := func(what string, got int, want, tolerance float64) {
			t.Helper()
			if math.Abs(float64(got)-want) > tolerance*want {
				t.Errorf("%s: %d blocks %s; want about %.0f", name, got, what, want)
			}
		}
		near("in all", h.total, float64(total), totalTolerance)
		for _, c := range classes {
			near(fmt.Sprintf("of up to %d bytes", c), h.counts[c], float64(medium[c])*float64(items)/539, classTolerance)
		}
		t.Logf("%-6s %d events, %d blocks: %v", name, h.items, h.total, h.counts)
	}
	check("tiny", 28, 5_093, 0.05, 0.15)
	check("small", 273, 49_198, 0.05, 0.15)
	check("medium", 539, 97_083, 0.02, 0.10)
	check("large", 1757, 316_331, 0.05, 0.15)
}

// TestKindsOfEvents checks that the three kinds have keys of the same lengths,
// so that their shares in a body do not matter.
func TestKindsOfEvents(t *testing.T) {
	for name, fields := range map[string][]field{"payment": payment, "shipment": shipment, "push": push} {
		got := map[int]int{4: 3, 8: 3} // the keys of the three small objects
		for _, f := range fields {
			for _, c := range classes {
				if len(f.key) <= c {
					got[c]++
					break
				}
			}
		}
		if len(fields) != 22 || got[2] != 3 || got[4] != 8 || got[8] != 14 || got[16] != 3 {
			t.Errorf("%s: %d keys, by length %v", name, len(fields), got)
		}
	}
}

// TestNumbers checks that all kinds of numbers occur, minus zero but rarely.
func TestNumbers(t *testing.T) {
	r := newRandom("numbers")
	var exponents, integers, large, negative, zero int
	const n = 10_000
	for range n {
		s := r.number()
		switch {
		case s == "-0":
			zero++
		case bytes.ContainsAny([]byte(s), "eE"):
			exponents++
		case len(s) >= 19 && !bytes.Contains([]byte(s), []byte(".")):
			large++
		case !bytes.Contains([]byte(s), []byte(".")):
			integers++
		}
		if s[0] == '-' {
			negative++
		}
		if !json.Valid([]byte(s)) {
			t.Errorf("%s is not a number in JSON", s)
		}
	}
	if zero == 0 || zero > n/50 || exponents < n/50 || large < n/100 || integers < n/10 || negative < n/10 {
		t.Errorf("-0: %d, exponents: %d, large: %d, integers: %d, negative: %d", zero, exponents, large, integers, negative)
	}
}
