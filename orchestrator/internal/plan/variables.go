package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// use is a variable that an item looks at.
type use struct {
	f, shown *file // shown is nil where the line is a secret
	node     *yaml.Node
	vars.Variable
}

func (u use) pos() Position { return u.f.find(u.node, u.Written) }

// flow is which variables the items of an iteration set, and which they look
// at. Every iteration begins with none, so it is all there is to know about
// what a variable can stand for.
type flow struct {
	n       int // items so far
	sets    map[string]*setter
	leftOut map[string]bool // variables that items set which the tags leave out
	loops   bool            // there are loops, whatever became of them
	unread  bool            // and of some of them nothing is known
	pending []use           // of the item that is being read
	steps   []flowStep      // the items that were read
}

// setter is what sets a variable.
type setter struct {
	first  int // the number of the first item that does
	at     Position
	text   bool // a text, in which there is nothing
	answer bool // the answer to a request
}

// flowStep is one item with what it looks at.
type flowStep struct {
	number int
	item   Item
	uses   []use
}

// begin takes note of what an item sets, whether or not it can be read.
func (w *flow) begin(f *file, list []entry, form form) {
	w.n++
	w.pending = nil
	w.loops = w.loops || isLoop(form.key)
	name, ok := settles(list)
	if !ok || form.key != "assign" && !slices.Contains(form.beside, "assign") {
		return
	}
	s := w.sets[name]
	if s == nil {
		s = &setter{first: w.n, at: f.pos(get(list, "assign").key)}
		w.sets[name] = s
	}
	text := form.key == "assign" || form.key == "exec"
	s.text, s.answer = s.text || text, s.answer || !text
}

// settles gives the variable that an item sets.
func settles(list []entry) (name string, ok bool) {
	n := get(list, "assign").value
	switch resolve(n) {
	case kindString:
		return n.Value, true
	case kindMap:
		key := get(entries(n), "key").value
		if k := resolve(key); k == kindString || k == kindInt {
			return written(key), true
		}
	}
	return "", false
}

// skip takes note of what an item would set that the tags leave out.
func (w *flow) skip(list []entry) {
	if name, ok := settles(list); ok {
		w.leftOut[name] = true
	}
}

// looksAt takes note of the variables of a text.
func (w *flow) looksAt(f, shown *file, n *yaml.Node, text vars.Text) {
	for _, v := range text.Variables() {
		w.pending = append(w.pending, use{f, shown, n, v})
	}
}

// add appends an item to the plan, with what was looked at while it was read.
func (l *loader) add(item Item) {
	l.plan.Items = append(l.plan.Items, item)
	l.flow.steps = append(l.flow.steps, flowStep{l.flow.n, item, l.flow.pending})
}

// variables warns of each variable that can stand for nothing.
func (l *loader) variables() {
	var loops []*Loop
	for _, s := range l.flow.steps {
		within := loops
		if r, ok := s.item.(*Request); ok && r.Loop != nil {
			within = []*Loop{r.Loop}
			loops = append(loops, r.Loop)
		}
		for _, u := range s.uses {
			if _, ok := l.opt.Env[u.Name]; ok {
				continue
			}
			if why, hint := l.nothing(u, s.number, within); why != "" {
				l.warnAt(u.shown, u.pos(), fmt.Sprintf("%s stands for nothing: %s", short(u.Written), why), hint)
			}
		}
	}
}

// nothing says why a variable of the item with a number can stand for nothing;
// why is empty where it can stand for something. loops are those that may have
// set item before.
func (l *loader) nothing(u use, number int, loops []*Loop) (why, hint string) {
	root := u.Path[0]
	s := l.flow.sets[root]
	switch {
	case s == nil && slices.Contains(builtIn, root):
		return insideBuiltIn(u)
	case s == nil && (root == "item" || root == "index"):
		return l.insideLoop(u, loops)
	case s == nil && l.flow.leftOut[root]:
		return "the item that sets it is left out by the tags", "give it the tag always"
	case s == nil:
		return fmt.Sprintf("neither an item nor the environment sets %q", short(root)), l.namesHint(root)
	case slices.Contains(builtIn, root) || root == "item" || root == "index":
		return "", "" // it has several meanings
	case s.first >= number:
		return "it is set later on, and every iteration begins with none", "look at it behind " + s.at.String()
	case s.text && s.answer:
		return "", ""
	case s.text && len(u.Path) > 1:
		return root + " is a text, and there is nothing in it", ""
	case s.answer && len(u.Path) > 1:
		return insideAnswer(u)
	}
	return "", ""
}

// builtIn are the variables that are there without an item that sets them.
var builtIn = []string{"iteration", "base", "cookies"}

func insideBuiltIn(u use) (why, hint string) {
	if u.Path[0] != "cookies" && len(u.Path) > 1 {
		return u.Path[0] + " is a text, and there is nothing in it", ""
	}
	return "", ""
}

// insideAnswer says what is wrong with the path into an answer.
func insideAnswer(u use) (why, hint string) {
	parts := []string{"status", "body", "headers"}
	switch part := u.Path[1]; {
	case !slices.Contains(parts, part):
		return fmt.Sprintf("an answer has no %q", short(part)), cmp.Or(words.DidYouMean(part, parts), "it has status, body and headers")
	case part == "status" && len(u.Path) > 2:
		return "a status is a number, and there is nothing in it", ""
	case part == "headers" && len(u.Path) > 2 && u.Path[2] != strings.ToLower(u.Path[2]):
		return "the names of headers are in lower case", fmt.Sprintf("write %s", strings.ToLower(u.Path[2]))
	}
	return "", ""
}

// insideLoop says what is wrong with item and index, and the path into them.
func (l *loader) insideLoop(u use, loops []*Loop) (why, hint string) {
	switch {
	case !l.flow.loops:
		return "no loop sets it", l.namesHint(u.Path[0])
	case len(u.Path) == 1 || l.flow.unread || len(loops) == 0:
		return "", ""
	case u.Path[0] == "index":
		return "index is a number, and there is nothing in it", ""
	}
	fields := make(map[string]bool)
	for _, loop := range loops {
		if loop.has(u.Name) {
			return "", ""
		}
		for _, name := range loop.fields() {
			fields[name] = true
		}
	}
	field := u.Path[1]
	switch {
	case fields[field]:
		return fmt.Sprintf("there is nothing like that in %q", short(field)), ""
	case len(fields) == 0:
		return "an element of the loop has no fields", "write {{ item }}"
	}
	return fmt.Sprintf("no element of the loop has a field %q", short(field)), among(field, slices.Sorted(maps.Keys(fields)), "the fields are")
}

// namesHint names the variables that there are.
func (l *loader) namesHint(name string) string {
	names := slices.Clone(builtIn)
	for name := range l.flow.sets {
		if findable(name) {
			names = append(names, name)
		}
	}
	if l.flow.loops {
		names = append(names, "item", "index")
	}
	slices.Sort(names)
	hint := among(name, slices.Compact(names), "the variables are")
	if suggestion := nearest(name, slices.Sorted(maps.Keys(l.opt.Env))); suggestion != "" && nearest(name, names) == "" && len(name) >= shortestOfMany {
		hint = fmt.Sprintf("did you mean %q of the environment? %s", oneLine(suggestion), hint)
	}
	return hint
}

// shortestOfMany is how long a name is that only what was meant comes near to,
// among all that an environment holds.
const shortestOfMany = 4

// nearest gives the name that was probably meant, in whatever case, or "".
func nearest(name string, names []string) string {
	lower := make([]string, len(names))
	for i, n := range names {
		lower[i] = strings.ToLower(n)
	}
	i := slices.Index(lower, words.Nearest(name, lower))
	if i < 0 || len(name) < 2 { // one letter is near to any other
		return ""
	}
	return names[i]
}

// among says which of some names was probably meant, and which there are.
func among(name string, names []string, what string) string {
	const most = 12
	hint := ""
	if meant := nearest(name, names); meant != "" {
		hint = fmt.Sprintf("did you mean %q? ", meant)
	}
	shown := names
	if len(shown) > most {
		shown = append(slices.Clone(names[:most]), fmt.Sprintf("and %d more", len(names)-most))
	}
	for i := range shown {
		shown[i] = oneLine(shown[i])
	}
	return hint + what + " " + strings.Join(shown, ", ")
}
