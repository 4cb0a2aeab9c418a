package plan

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

const nameHint = "a variable is {{ NAME }}: a letter, then letters, digits and - . _ $ [ ]"

// template compiles a text that drill fills variables into, takes note of these,
// and warns of what looks like one and is none: drill leaves it as it is, and
// says nothing. Excerpts are taken from shown, which is nil where the text is a
// secret.
func (l *loader) template(f, shown *file, n *yaml.Node, text string) vars.Text {
	for _, left := range vars.Leftovers(text) {
		l.warnAt(shown, f.find(n, left.Written), oneLine(left.Written)+" is not a variable, and stays as it is: "+left.Why, nameHint)
	}
	t := vars.Parse(text)
	l.flow.looksAt(f, shown, n, t)
	return t
}

// oneLine cuts a text for a message, and shows what would break its line.
func oneLine(s string) string { return strings.Map(visible, short(s)) }

// literal warns of what looks like a variable in a text that drill fills none
// into.
func (l *loader) literal(f *file, n *yaml.Node, text string) {
	warn := func(written string) {
		l.warnAt(f, f.find(n, written), oneLine(written)+" is not filled in here: it is plain text", "")
	}
	for _, v := range vars.Parse(text).Variables() {
		warn(v.Written)
	}
	for _, left := range vars.Leftovers(text) {
		warn(left.Written)
	}
}

// literals does that for every text that a node holds.
func (l *loader) literals(f *file, n *yaml.Node) {
	n = deref(n)
	switch resolve(n) {
	case kindString:
		l.literal(f, n, n.Value)
	case kindList:
		for _, c := range n.Content {
			l.literals(f, c)
		}
	case kindMap:
		for _, e := range entries(n) {
			l.literals(f, e.value)
		}
	}
}
