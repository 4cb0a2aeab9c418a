package plan

import (
	"math"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// value gives what a node stands for, as vars.Scope takes it. Of a mapping only
// the keys that are text are kept: no path leads to the others. An integer
// beyond the signed ones is a float, and what is no number is null, for so it
// is in the JSON that drill makes of it.
func value(n *yaml.Node) any {
	n = deref(n)
	switch resolve(n) {
	case kindBool:
		return isTrue(n)
	case kindInt:
		if i, err := strconv.ParseInt(decimal(n), 10, 64); err == nil {
			return i
		}
		f, _ := strconv.ParseFloat(decimal(n), 64)
		return f
	case kindFloat:
		if f := float(n.Value); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
		return nil
	case kindString:
		return n.Value
	case kindList:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = value(c)
		}
		return list
	case kindMap:
		m := make(map[string]any)
		for _, e := range entries(n) {
			if resolve(e.key) == kindString {
				m[e.key.Value] = value(e.value)
			}
		}
		return m
	}
	return nil
}

// written gives a scalar as drill writes it down, as text.
func written(n *yaml.Node) string {
	if resolve(n) == kindInt {
		return decimal(n)
	}
	return string(vars.AppendValue(nil, value(n)))
}

// decimal gives an integer in decimal digits.
func decimal(n *yaml.Node) string {
	magnitude, negative, _ := integer(n.Value)
	text := strconv.FormatUint(magnitude, 10)
	if negative && magnitude > 0 {
		return "-" + text
	}
	return text
}

// signed gives an integer; ok says that it is one of 64 bits with a sign.
func signed(n *yaml.Node) (i int64, ok bool) {
	if resolve(n) != kindInt {
		return 0, false
	}
	i, err := strconv.ParseInt(decimal(n), 10, 64)
	return i, err == nil
}

func isTrue(n *yaml.Node) bool { return n.Value[0] == 't' || n.Value[0] == 'T' }

// custom gives the first value with a tag of its own, such as !name, in what a
// node stands for, or nil.
func custom(n *yaml.Node) *yaml.Node {
	n = deref(n)
	if n == nil || ownTag(n) != "" {
		return n
	}
	values := n.Content
	if n.Kind == yaml.MappingNode {
		values = nil
		for _, e := range entries(n) {
			if resolve(e.key) == kindString {
				values = append(values, e.value)
			}
		}
	}
	for _, v := range values {
		if t := custom(v); t != nil {
			return t
		}
	}
	return nil
}

// ownTag gives the tag of a node unless it is one of YAML's.
func ownTag(n *yaml.Node) string {
	if n.Style&yaml.TaggedStyle == 0 || len(n.Tag) < 2 || n.Tag[0] != '!' || n.Tag[1] == '!' {
		return ""
	}
	return n.Tag
}
