package flags

import (
	"strings"

	"github.com/spf13/pflag"
)

// Group is a part of a command's flags that stands under a heading of its own in
// the help, in the order in which they were defined.
type Group struct {
	Title string // without a colon
	*pflag.FlagSet
}

// NewGroup makes a group without flags.
func NewGroup(title string) Group {
	g := Group{title, pflag.NewFlagSet(title, pflag.ContinueOnError)}
	g.SortFlags = false
	return g
}

// Split makes two groups of the flags of f: those up to the one named last, in
// the order of their definition, and the others.
func Split(f *pflag.FlagSet, last, title, rest string) []Group {
	groups := []Group{NewGroup(title), NewGroup(rest)}
	at := 0
	f.VisitAll(func(flag *pflag.Flag) {
		groups[at].AddFlag(flag)
		if flag.Name == last {
			at = 1
		}
	})
	return groups
}

// Usage explains the flags of groups in lines of at most width columns, aligned
// over all groups. Hidden flags are left out.
func Usage(groups []Group, width int) string {
	all := NewGroup("")
	starts := map[string]string{} // by the first flag of a group: its heading
	for _, g := range groups {
		first := true
		g.VisitAll(func(flag *pflag.Flag) {
			if first && !flag.Hidden {
				starts[flag.Name], first = g.Title, false
			}
			all.AddFlag(flag)
		})
	}
	var text strings.Builder
	for line := range strings.Lines(all.FlagUsagesWrapped(width)) {
		if title, ok := starts[flagOf(line)]; ok {
			text.WriteString("\n" + title + ":\n")
		}
		text.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return text.String()
}

// flagOf gives the name of the flag that a line of pflag's begins to explain;
// empty: it goes on with the one before.
func flagOf(line string) string {
	if rest, ok := strings.CutPrefix(line, "      --"); ok || strings.HasPrefix(line, "  -") {
		if !ok {
			_, rest, _ = strings.Cut(line, "--")
		}
		return rest[:strings.IndexAny(rest, " [\n")]
	}
	return ""
}
