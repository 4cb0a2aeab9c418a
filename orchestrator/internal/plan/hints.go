package plan

import "go.yaml.in/yaml/v4"

// asText is the hint for a value that has to be text.
func asText(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return "quote it"
	}
	return unquoted(n)
}

// unquoted is the hint for a value that was meant as an interpolation: without
// quotes its braces are two mappings to YAML.
func unquoted(n *yaml.Node) string {
	n = deref(n)
	if resolve(n) == kindMap && len(n.Content) == 2 && resolve(n.Content[0]) == kindMap {
		return `quote the value: "{{ … }}"`
	}
	return ""
}
