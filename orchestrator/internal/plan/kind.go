package plan

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// kind is what a node means to drill. It differs from what the parser says: no
// leading zeros or underscores in numbers, no yes and no, no dates.
type kind int

const (
	kindNull kind = iota
	kindBool
	kindInt
	kindFloat
	kindString
	kindRefused // drill gives up on it, and refusal says why: checker has reported that
	kindList
	kindMap
)

// String names the kind for a person.
func (k kind) String() string {
	return [...]string{"empty", "a truth value", "a number", "a number", "text", "no value", "a list", "a mapping"}[k]
}

// deref gives the node that an alias stands for.
func deref(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// resolve gives the kind of a node; nil and an alias of nothing are null. Local
// tags, such as !own, are looked through.
func resolve(n *yaml.Node) kind {
	n = deref(n)
	switch {
	case n == nil:
		return kindNull
	case n.Kind == yaml.SequenceNode:
		return kindList
	case n.Kind == yaml.MappingNode:
		return kindMap
	}
	if n.Style&yaml.TaggedStyle != 0 {
		if k, ok := tagged(n.ShortTag(), n.Value); ok {
			return k
		}
	}
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return kindString
	}
	return plain(n.Value)
}

// tagged gives the kind of a scalar with a tag; ok is false where the tag has no
// say in it. A tag of YAML's own is believed, and a value that does not fit it
// is refused. A tag that is neither of these nor a local one makes text.
func tagged(tag, value string) (k kind, ok bool) {
	fits := true
	switch tag {
	case "!!int":
		_, _, err := integer(value)
		k, fits = kindInt, err == nil
	case "!!float":
		k, fits = kindFloat, isFloat(value)
	case "!!bool":
		k, fits = kindBool, plain(value) == kindBool
	case "!!null":
		k, fits = kindNull, plain(value) == kindNull
	default:
		if strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!") {
			return 0, false
		}
		k = kindString
	}
	if !fits {
		k = kindRefused
	}
	return k, true
}

// plain gives the kind of a scalar without quotes.
func plain(s string) kind {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return kindNull
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return kindBool
	}
	if strings.IndexByte("+-.0123456789", s[0]) < 0 {
		return kindString
	}
	if _, _, err := integer(s); err == nil {
		return kindInt
	}
	switch digits := strings.TrimLeft(s, "+-"); {
	case huge(s):
		return kindRefused
	case len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0123456789") == "":
		return kindString
	case isFloat(s):
		return kindFloat
	}
	return kindString
}

// refusal says why drill gives up on the file of a scalar that is refused, and
// what to do about it.
func refusal(n *yaml.Node) (msg, hint string) {
	switch {
	case n.Style&yaml.TaggedStyle == 0 || ownTag(n) != "":
		return notIn64, "quote it if it is text"
	case huge(n.Value):
		return notIn64, ""
	}
	return fmt.Sprintf("the value is not what its tag %s says", n.ShortTag()), "take the tag away, or write another value"
}

const notIn64 = "the integer does not fit in 64 bits"
