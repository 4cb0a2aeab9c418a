package variant

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
)

// goodSpecName is what a name of people's own may be. Containers get it without
// the @ and +.
var goodSpecName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.@+-]*$`)

const nameAdvice = "use lower-case letters, digits, '_', '.', '-', '@' and '+', and begin with a letter or digit"

func longAdvice() string {
	return fmt.Sprintf("use at most %d: it is part of a socket's path", longestName)
}

// title is the name of a variant: its own, or one made of its source, its suite and
// what is set: libc-arena_max2.
func (s Spec) title() string {
	if s.Name != "" {
		return s.Name
	}
	parts := []string{s.plain()}
	for _, set := range s.Settings {
		parts = append(parts, set.short())
	}
	name := strings.Join(parts, "-")
	if len(name) <= longestName {
		return name
	}
	// What is cut off may be all in which two differ.
	sum := "-" + engine.Digest(name)[:6]
	return strings.TrimRight(name[:longestName-len(sum)], "-.@") + sum
}

// namespaces begin variables, and options within them, and tell nothing that the
// allocator's name does not.
var namespaces = regexp.MustCompile(`^(malloc_|mimalloc_|tcmalloc_|rpmalloc_|scudo_|glibc\.(malloc\.)?)`)

var (
	notInNames = regexp.MustCompile(`[^a-z0-9_.]+`)
	// aPath is all but the last part of a file's path.
	aPath = regexp.MustCompile(`/[^ :,]*/`)
)

// short writes a setting as it stands in a name: arena_max2, background_thread,
// no-tcache.
func (s Setting) short() string {
	var parts []string
	for _, o := range s.options() {
		key, value := strings.ToLower(o.key), strings.ToLower(aPath.ReplaceAllString(o.value, ""))
		key = namespaces.ReplaceAllString(key, "")
		switch value {
		case "true", "yes", "y", "t":
			parts = append(parts, key)
		case "false", "no", "n", "f":
			parts = append(parts, "no-"+key)
		default:
			if value != "" && !strings.ContainsAny(value[:1], "-0123456789") {
				value = "-" + value
			}
			parts = append(parts, key+value)
		}
	}
	return strings.Trim(notInNames.ReplaceAllString(strings.Join(parts, "-"), "-"), "-")
}

// option is one of those that a variable's value holds, or the variable itself.
type option struct {
	key, value string
	at         int // of the key, in the setting's "VARIABLE=VALUE"
}

// options lists what a setting sets.
func (s Setting) options() []option {
	how, ok := containers[s.Variable]
	if !ok {
		return []option{{key: s.Variable, value: s.Value}}
	}
	var all []option
	rest, at := s.Value, len(s.Variable)+1
	for rest != "" {
		end := strings.IndexAny(rest, how.between)
		if end < 0 {
			end = len(rest)
		}
		if key, value, _ := strings.Cut(rest[:end], how.within); strings.TrimSpace(key) != "" {
			lead := len(key) - len(strings.TrimLeft(key, " "))
			all = append(all, option{key: strings.TrimSpace(key), value: strings.TrimSpace(value), at: at + lead})
		}
		next := min(end+1, len(rest))
		rest, at = rest[next:], at+next
	}
	return all
}
