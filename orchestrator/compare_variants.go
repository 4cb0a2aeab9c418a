package main

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// wanted is a variant, or a list of them, that the benchmark file asks for.
type wanted struct {
	variant.Wanted
	at   plan.Position
	name bool // it is the value of the key variants alone, so that it names a list
}

// readVariants takes a setting of the benchmark file that says what is compared.
// Under variants a list gives variants, and a value by itself names a list of them.
func (c *compareFlags) readVariants(s plan.Setting) bool {
	if s.Key != "variant" && s.Key != "variants" {
		return false
	}
	c.inFile[s.Key] = s.Pos
	list := s.Key == "variants" && !s.List
	for i, value := range s.Values {
		c.wanted = append(c.wanted, wanted{variant.Wanted{Text: value, List: list}, s.At[i], list})
	}
	return true
}

// choose gives the variants that are asked for: by flags or, where none does, by the
// benchmark file. A mistake in the file has its place there.
func (c *compareFlags) choose(found variant.Found) (variant.Chosen, error) {
	asked := wantedOf(c.lists, c.variants)
	if len(asked) > 0 {
		return found.Choose(asked, c.Baseline)
	}
	for _, w := range c.wanted {
		asked = append(asked, w.Wanted)
	}
	chosen, err := found.Choose(asked, c.Baseline)
	m, ok := errors.AsType[*variant.Mistake](err)
	if !ok || m.File != "" {
		return chosen, err
	}
	w := c.wanted[m.Of]
	w.at.Column += utf8.RuneCountInString(m.Text[:min(m.At, len(m.Text))])
	advice := m.Advice
	if _, err := found.Choose([]variant.Wanted{{Text: w.Text}}, c.Baseline); w.name && err == nil {
		advice = fmt.Sprintf("a list of variants is meant here; for the variant itself write variants: [%q]", w.Text)
	}
	return chosen, c.head.ErrorAt(w.at, m.Problem, advice)
}
