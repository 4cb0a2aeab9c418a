package plan

import (
	"errors"
	"math"
	"strconv"
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
	kindHuge // an integer beyond 64 bits
	kindList
	kindMap
)

// String names the kind for a person.
func (k kind) String() string {
	return [...]string{"empty", "a truth value", "a number", "a number", "text", "a number", "a list", "a mapping"}[k]
}

// deref gives the node that an alias stands for.
func deref(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// resolve gives the kind of a node; nil and an alias of nothing are null. Tags
// other than YAML's own are looked through.
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
		switch tag := n.ShortTag(); tag {
		case "!!str":
			return kindString
		case "!!int", "!!float", "!!bool", "!!null":
			k := plain(n.Value)
			if k == kindInt && tag == "!!float" {
				return kindFloat
			}
			return k
		}
	}
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return kindString
	}
	return plain(n.Value)
}

// plain gives the kind of a scalar without quotes.
func plain(s string) kind {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return kindNull
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return kindBool
	case ".nan", ".NaN", ".NAN":
		return kindFloat
	}
	if strings.IndexByte("+-.0123456789", s[0]) < 0 {
		return kindString
	}
	digits := s
	if s[0] == '+' || s[0] == '-' {
		digits = s[1:]
	}
	switch digits {
	case "":
		return kindString
	case ".inf", ".Inf", ".INF":
		return kindFloat
	}
	if _, _, err := integer(s); err == nil {
		return kindInt
	} else if errors.Is(err, strconv.ErrRange) {
		return kindHuge
	}
	if strings.Trim(digits, "0123456789") == "" || strings.Trim(digits, "0123456789.eE+-") != "" {
		return kindString
	}
	if _, err := strconv.ParseFloat(s, 64); err != nil {
		return kindString
	}
	return kindFloat
}

// float reads what plain calls a float, or an integer with a tag.
func float(s string) float64 {
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case ".inf":
		if s[0] == '-' {
			return math.Inf(-1)
		}
		return math.Inf(1)
	case ".nan":
		return math.NaN()
	}
	if magnitude, negative, err := integer(s); err == nil {
		if negative {
			return -float64(magnitude)
		}
		return float64(magnitude)
	}
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

// integer reads an integer of 64 bits, with or without a sign, as YAML 1.2
// writes it.
func integer(s string) (magnitude uint64, negative bool, err error) {
	digits := s
	if s != "" && (s[0] == '+' || s[0] == '-') {
		negative, digits = s[0] == '-', s[1:]
	}
	base := 10
	switch {
	case strings.HasPrefix(digits, "0x"):
		base = 16
	case strings.HasPrefix(digits, "0o"):
		base = 8
	case strings.HasPrefix(digits, "0b"):
		base = 2
	case len(digits) > 1 && digits[0] == '0':
		return 0, false, strconv.ErrSyntax
	}
	if base != 10 {
		digits = digits[2:]
	}
	magnitude, err = strconv.ParseUint(digits, base, 64)
	if err == nil && negative && magnitude > -math.MinInt64 {
		err = strconv.ErrRange
	}
	return magnitude, negative, err
}
