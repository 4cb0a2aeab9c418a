package plan

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// pattern is what drill replaces by the value of a variable. Braces around
// anything else are text like any other, and no mistake.
var pattern = regexp.MustCompile(`\{\{ *[A-Za-z][A-Za-z0-9\-._$\[\]]* *\}\}`)

// interpolation gives the first pattern in s, or "". Nearly all texts have no
// double brace, and a body is megabytes long, so that is looked for first.
func interpolation(s string) string {
	i := strings.Index(s, "{{")
	if i < 0 {
		return ""
	}
	return pattern.FindString(s[i:])
}

// literal reports a variable in n's text, for variables are not filled in yet,
// and says whether the text can be used as it stands.
func (l *loader) literal(f *file, n *yaml.Node) bool {
	p := interpolation(n.Value)
	if p == "" {
		return true
	}
	l.fail(f, f.find(n, p), p+" is not supported yet: no variables are filled in", "")
	return false
}
