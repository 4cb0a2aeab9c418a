package plan

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// Listing is what a plan holds, for a person to read.
type Listing struct {
	Tags  []string // of all items, sorted, each once
	Tasks []string // the items that the tags leave, as YAML, without a line break at the end
}

// List gives what a plan holds, files that it includes among it. Items are only
// listed: what is wrong in one is no error here, nor that none is left. Headers
// that hold secrets, and users and passwords of URLs, are hidden unless
// opt.Secrets is set. The error is of type Errors.
func List(name string, opt Options) (*Listing, error) {
	return newLoader(opt).list(name)
}

func (l *loader) list(name string) (*Listing, error) {
	l.listing = &Listing{}
	l.overlap()
	if f, top := l.benchmark(name); f != nil {
		l.items(f, top)
	}
	if _, err := l.result(); err != nil {
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
			c.Content = append(c.Content, l.plainly(e.key, nil), l.shown(path, e))
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

// shown copies the value of an entry of the mapping at path, less its secrets.
func (l *loader) shown(path []string, e entry) *yaml.Node {
	at := strings.Join(append(path, strings.ToLower(e.key.Value)), ".")
	switch header, is := strings.CutPrefix(at, "request.headers."); {
	case l.opt.Secrets:
	case is && IsSecret(header):
		return &yaml.Node{Kind: yaml.ScalarNode, Value: "***"}
	case at == "request.url", at == "assign.value": // which may be a base
		if resolve(e.value) == kindString {
			c := *deref(e.value)
			c.Value = weburl.WithoutUser(c.Value)
			return l.plainly(&c, nil)
		}
	}
	return l.plainly(e.value, append(path, e.key.Value))
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
