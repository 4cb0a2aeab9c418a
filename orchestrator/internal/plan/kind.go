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
		switch n.ShortTag() {
		case "!!str":
			return kindString
		case "!!int", "!!float", "!!bool", "!!null":
			return plain(n.Value)
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
	if _, err := integer(s); err == nil {
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

// integer reads an integer as YAML 1.2 writes it. One between the largest int64
// and the largest uint64 becomes the largest int64: nothing here counts so far.
func integer(s string) (int64, error) {
	sign, digits := "", s
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, digits = s[:1], s[1:]
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
		return 0, strconv.ErrSyntax
	}
	if base != 10 {
		digits = digits[2:]
	}
	if sign == "-" {
		return strconv.ParseInt("-"+digits, base, 64)
	}
	n, err := strconv.ParseUint(digits, base, 64)
	return int64(min(n, math.MaxInt64)), err
}
