package plan

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// lab reads the key lab, which drill passes over.
func (l *loader) lab(f *file, top []entry) {
	e := get(top, "lab")
	switch k := resolve(e.value); k {
	case kindNull:
		return
	case kindMap:
	default:
		l.failAt(f, e.value, fmt.Sprintf("lab is %s: it must be a mapping", k), "")
		return
	}
	for _, e := range entries(e.value) {
		values := []*yaml.Node{e.value}
		switch {
		case resolve(e.key) != kindString:
			l.failAt(f, e.key, "a setting's name must be text", "")
			continue
		case e.value.Kind == yaml.SequenceNode:
			values = e.value.Content
		}
		s := Setting{Key: e.key.Value, Pos: f.pos(e.key), List: e.value.Kind == yaml.SequenceNode}
		for _, v := range values {
			if v = deref(v); v == nil || v.Kind != yaml.ScalarNode {
				l.failAt(f, v, fmt.Sprintf("the setting %q must be one value or a list of values", short(s.Key)), "")
				continue
			}
			if v.Value == "" && resolve(v) == kindNull {
				l.failAt(f, e.key, fmt.Sprintf("the setting %q has no value", short(s.Key)), "")
				continue
			}
			at := f.pos(v)
			if v.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
				at.Column++
			}
			s.Values, s.At = append(s.Values, v.Value), append(s.At, at)
		}
		l.plan.Lab = append(l.plan.Lab, s)
	}
}
