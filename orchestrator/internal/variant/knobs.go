package variant

// Knob is a setting of an allocator, made in an environment variable.
type Knob struct {
	Env     string // the variable
	Key     string // its name within the value of a variable that holds several, such as background_thread; empty: it has the variable to itself
	Does    string // for people, such as "arenas at most"
	Read    string // the name under which the service reads it back; empty: nothing can be read
	From    string // version of the allocator from which it has an effect; empty: from the first
	Until   string // version from which it has none any more; empty: it still has
	Instead string // what to set in a version in which it has no effect; empty: nothing does the same
	Why     string // why it has no effect there, for people
}

// Knobs lists what is known of an allocator's settings.
func Knobs(allocator string) []Knob { return knobs[allocator] }

var knobs = map[string][]Knob{
	"glibc": {
		{Env: "MALLOC_ARENA_MAX", Does: "arenas at most", Read: "glibc.malloc.arena_max"},
	},
}
