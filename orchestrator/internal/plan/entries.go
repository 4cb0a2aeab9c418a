package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// entry is one key of a mapping with its value. The value is nil for a key that
// is not there.
type entry struct {
	key, value *yaml.Node
}

// entries gives those of a mapping whose key is text, in order.
func entries(n *yaml.Node) []entry {
	n = deref(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var list []entry
	for i := 0; i+1 < len(n.Content); i += 2 {
		list = append(list, entry{deref(n.Content[i]), deref(n.Content[i+1])})
	}
	return list
}

// get finds the entry with a key.
func get(list []entry, key string) entry {
	for _, e := range list {
		if resolve(e.key) == kindString && e.key.Value == key {
			return e
		}
	}
	return entry{}
}

// unknown warns of every key that is not among the known ones.
func (l *loader) unknown(f *file, list []entry, what string, known []string) {
	for _, e := range list {
		l.unknownKey(f, e.key, what, known)
	}
}

func (l *loader) unknownKey(f *file, key *yaml.Node, what string, known []string) {
	if resolve(key) == kindString {
		if slices.Contains(known, key.Value) {
			return
		}
	}
	hint := cmp.Or(newer(key, what), words.DidYouMean(key.Value, known))
	if key.Value == "<<" {
		hint = "merge keys are not applied"
	}
	name := strconv.Quote(short(key.Value))
	if key.Kind != yaml.ScalarNode {
		name = "that is " + resolve(key).String()
	}
	l.warn(f, key, fmt.Sprintf("unknown key %s in %s", name, what), hint)
}

// short cuts a text for a message: a key or value can be as long as a body.
func short(s string) string {
	const most = 40
	if r := []rune(s[:min(len(s), 4*most)]); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
