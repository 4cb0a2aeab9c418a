package plan

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v4"
)

const (
	// deepest is how far drill's parser nests.
	deepest = 128
	// mostCopies bounds what aliases may add to a file, in nodes: a few lines of
	// them can stand for more than any memory holds. drill's parser stops at a
	// hundred aliases followed for each of its steps through the file.
	mostCopies = 1_000_000
	mostJumps  = 100
)

// size is what a node comes to once every alias below it has been followed.
type size struct {
	nodes, jumps int // capped at plenty
	height       int // levels of lists and mappings
}

const plenty = 1 << 40

func (s size) add(other size) size {
	return size{min(s.nodes+other.nodes, plenty), min(s.jumps+other.jumps, plenty), max(s.height, other.height)}
}

// check reports what the parser lets pass and drill's does not: a key given
// twice, an integer beyond 64 bits, a tag that its value belies, too deep a
// nesting, too many aliases. It says whether the tree can be walked.
func (l *loader) check(f *file, root *yaml.Node) bool {
	c := checker{l: l, f: f, anchors: make(map[*yaml.Node]size), good: true}
	all := c.node(root, 0)
	if c.good && (all.nodes-c.nodes > mostCopies || all.jumps > mostJumps*c.nodes) {
		l.failAt(f, c.largest, "the aliases of this file stand for too much", "")
		return false
	}
	return c.good
}

// checker walks the tree of one file. It does not follow aliases, but knows
// what they come to.
type checker struct {
	l *loader
	f *file

	anchors map[*yaml.Node]size // with no nodes: of one that is being walked
	nodes   int                 // on the tree
	largest *yaml.Node          // the alias that stands for the most
	most    int                 // nodes of largest
	good    bool
}

func (c *checker) node(n *yaml.Node, level int) size {
	c.nodes++
	if n.Kind == yaml.AliasNode {
		return c.alias(n, level)
	}
	if n.Kind == yaml.ScalarNode {
		c.scalar(n)
		return c.done(n, size{nodes: 1})
	}
	if level == deepest {
		c.tooDeep(n)
		return size{nodes: 1}
	}
	if n.Anchor != "" {
		c.anchors[n] = size{}
	}
	if n.Kind == yaml.MappingNode {
		c.keys(n)
	}
	s := size{nodes: 1}
	for _, child := range n.Content {
		s = s.add(c.node(child, level+1))
	}
	s.height++
	return c.done(n, s)
}

// scalar reports a value that drill gives up on, and an integer that turns into
// something else for its length alone.
func (c *checker) scalar(n *yaml.Node) {
	switch resolve(n) {
	case kindRefused:
		msg, hint := refusal(n)
		c.l.failAt(c.f, n, msg, hint)
	case kindFloat:
		if n.Style&yaml.TaggedStyle == 0 && tooLong(n.Value) {
			c.l.warn(c.f, n, "an integer of more than 128 bits is a floating-point number, and loses digits", "quote it if it is text")
		}
	}
}

func (c *checker) done(n *yaml.Node, s size) size {
	if n.Anchor != "" {
		c.anchors[n] = s
	}
	return s
}

func (c *checker) alias(n *yaml.Node, level int) size {
	s := c.anchors[n.Alias]
	switch {
	case s.nodes == 0:
		c.l.failAt(c.f, n, fmt.Sprintf("the alias stands inside its own anchor %q", short(n.Value)), "")
		c.good = false
		return size{nodes: 1}
	case level+s.height > deepest:
		c.tooDeep(n)
		return size{nodes: 1}
	case s.nodes > c.most:
		c.most, c.largest = s.nodes, n
	}
	return size{s.nodes, min(s.jumps+1, plenty), s.height}
}

func (c *checker) tooDeep(n *yaml.Node) {
	c.l.failAt(c.f, n, fmt.Sprintf("nested deeper than %d levels", deepest), "")
	c.good = false
}

// keys reports those that a mapping has twice.
func (c *checker) keys(n *yaml.Node) {
	type key struct {
		kind kind
		text string
	}
	seen := make(map[key]*yaml.Node)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := deref(n.Content[i])
		if k.Kind != yaml.ScalarNode {
			continue
		}
		id := key{resolve(k), k.Value}
		switch id.kind {
		case kindString, kindRefused:
		case kindFloat:
			id.text = strconv.FormatFloat(float(k.Value)+0, 'g', -1, 64) // -0 is 0 too
		default:
			id.text = written(k)
		}
		if first := seen[id]; first != nil {
			c.l.failAt(c.f, n.Content[i], fmt.Sprintf("the key %q is given twice, first on line %d", short(k.Value), c.f.pos(first).Line), "")
			continue
		}
		seen[id] = n.Content[i]
	}
}
