package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// The two tags with a meaning of their own.
const (
	always = "always" // runs whatever tags are asked for
	never  = "never"  // runs only if one of the item's tags is asked for
)

// ParseTags splits the value of a flag as drill does: at commas, with the white
// space around each tag taken off. No text is no tags; whether that means all
// items or none is for Options.TagsSet to say.
func ParseTags(list string) []string {
	if list == "" {
		return nil
	}
	tags := strings.Split(list, ",")
	for i, tag := range tags {
		tags[i] = strings.TrimSpace(tag)
	}
	return tags
}

// ShownTags gives the value of a flag with tags for people to read: nil where it was
// not given, and where it is empty, as in drill, one tag without a name.
func ShownTags(list string, given bool) []string {
	switch {
	case !given:
		return nil
	case list == "":
		return []string{""}
	}
	return ParseTags(list)
}

// filter decides which items run.
type filter struct {
	run, skip map[string]bool
	given     bool // run was asked for, even if it is empty
}

func newFilter(opt Options) filter {
	return filter{
		run:   set(opt.Tags),
		skip:  set(opt.SkipTags),
		given: opt.TagsSet || len(opt.Tags) > 0,
	}
}

// selects says whether an item with these tags runs. The order of the rules is
// drill's.
func (f filter) selects(tags []string) bool {
	has := func(tag string) bool { return slices.Contains(tags, tag) }
	in := func(set map[string]bool) bool {
		return slices.ContainsFunc(tags, func(tag string) bool { return set[tag] })
	}
	switch {
	case in(f.skip):
		return false
	case f.given && has(never) && !f.run[never]:
		return false
	case f.given && in(f.run):
		return true
	case has(always):
		return true
	case has(never):
		return false
	}
	return !f.given
}

// overlap gives the tags that are asked for and to be skipped, in order.
func (f filter) overlap() []string {
	var both []string
	for tag := range f.run {
		if f.skip[tag] {
			both = append(both, tag)
		}
	}
	slices.Sort(both)
	return both
}

// nothing says that none of the items is selected, and which tags there are.
func (f filter) nothing(opt Options, items int, tags map[string]bool) (msg, hint string) {
	of := "none of " + words.Plural(items, "item", "items")
	show := func(tags []string) string { return cmp.Or(strings.Join(tags, ", "), `""`) }
	switch {
	case f.given && len(opt.SkipTags) > 0:
		msg = fmt.Sprintf("tags %s without %s select %s", show(opt.Tags), show(opt.SkipTags), of)
	case f.given:
		msg = fmt.Sprintf("tags %s select %s", show(opt.Tags), of)
	case len(opt.SkipTags) > 0:
		msg = fmt.Sprintf("skipping tags %s leaves %s", show(opt.SkipTags), of)
	default:
		msg = `every item has the tag "never", and no tags are asked for`
	}
	if len(tags) == 0 {
		return msg, "no item of this plan has a tag"
	}
	return msg, "tags in this plan: " + strings.Join(slices.Sorted(maps.Keys(tags)), ", ")
}

// tags reads the tags of an item. As in drill, anything but a list counts as no
// tags, and what is no text in the list does not count.
func (l *loader) tags(f *file, e entry) []string {
	n := e.value
	if n == nil || resolve(n) == kindNull {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		l.warn(f, n, "tags is not a list, so the item counts as untagged", fmt.Sprintf("write tags: [%s]", short(n.Value)))
		return nil
	}
	var tags []string
	for _, m := range n.Content {
		if m = deref(m); resolve(m) != kindString {
			l.warn(f, m, "a tag that is not text does not count", "quote it")
			continue
		}
		l.literal(f, m, m.Value)
		tags = append(tags, m.Value)
	}
	return tags
}

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}
