package plan

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// Listing is what a plan holds, for a person to read.
type Listing struct {
	Tags  []string // of all items, sorted, each once
	Tasks []string // the items that the tags leave, as YAML, without a line break at the end
}

// List reads the plan as Load does and gives what it holds, files that it
// includes among it. That no item is left is no error here. Headers that hold
// secrets are hidden unless opt.Secrets is set. The error is of type Errors.
func List(name string, opt Options) (*Listing, error) {
	return newLoader(opt).list(name)
}

func (l *loader) list(name string) (*Listing, error) {
	l.listing = &Listing{}
	if _, err := l.load(name); err != nil {
		return nil, err
	}
	l.listing.Tags = slices.Sorted(maps.Keys(l.tagged))
	return l.listing, nil
}

// task writes an item down for the listing.
func (l *loader) task(f *file, n *yaml.Node) {
	data, err := yaml.Dump(l.plainly(n, nil), yaml.WithV4Defaults(), yaml.WithLineWidth(-1))
	if err != nil {
		l.failAt(f, n, fmt.Sprintf("the item cannot be written down: %v", err), "")
	}
	l.listing.Tasks = append(l.listing.Tasks, strings.TrimRight(string(data), "\n"))
}

// secret are the headers whose values are nobody's business.
var secret = []string{"authorization", "cookie", "proxy-authorization", "set-cookie"}

// plainly copies a node as drill writes it down: aliases followed, no comments,
// every list and mapping in block style, a scalar with quotes only where it
// would be read as something else without. path leads to the node.
func (l *loader) plainly(n *yaml.Node, path []string) *yaml.Node {
	n = deref(n)
	c := &yaml.Node{Kind: n.Kind, Tag: ownTag(n)}
	if c.Tag != "" {
		c.Style = yaml.TaggedStyle
	}
	switch n.Kind {
	case yaml.MappingNode:
		for _, e := range entries(n) {
			value := l.plainly(e.value, append(path, e.key.Value))
			if l.hides(path, e) {
				value = &yaml.Node{Kind: yaml.ScalarNode, Value: "***"}
			}
			c.Content = append(c.Content, l.plainly(e.key, nil), value)
		}
	case yaml.SequenceNode:
		for _, child := range n.Content {
			c.Content = append(c.Content, l.plainly(child, nil))
		}
	default:
		text, style := scalar(n)
		c.Value, c.Style = text, c.Style|style
	}
	return c
}

// hides says whether the value of an entry of the mapping at path is a secret.
func (l *loader) hides(path []string, e entry) bool {
	return !l.opt.Secrets && slices.Equal(path, []string{"request", "headers"}) &&
		slices.Contains(secret, strings.ToLower(e.key.Value))
}

// scalar gives the text of a scalar and the style to write it in. The style of
// none leaves the choice between no quotes, single and double ones to the
// writer.
func scalar(n *yaml.Node) (text string, style yaml.Style) {
	switch resolve(n) {
	case kindNull:
		return "null", 0
	case kindFloat:
		f := float(n.Value)
		switch {
		case math.IsNaN(f):
			return ".nan", 0
		case math.IsInf(f, 1):
			return ".inf", 0
		case math.IsInf(f, -1):
			return "-.inf", 0
		}
		return string(vars.AppendValue(nil, f)), 0
	case kindBool, kindInt:
		return written(n), 0
	}
	text = n.Value
	digits := strings.TrimLeft(text, "+-")
	switch {
	case strings.Contains(text, "\n"):
		style = yaml.LiteralStyle
	case plain(text) != kindString,
		len(text)-len(digits) < 2 && len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0123456789") == "":
		style = yaml.SingleQuotedStyle
	}
	return text, style
}
