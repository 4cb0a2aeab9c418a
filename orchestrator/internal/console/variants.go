package console

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// Variant is what is shown of one.
type Variant struct {
	Name, Dockerfile   string
	Allocator, Linkage string // empty: its image does not say
	Env                map[string]string
}

// Variants prints a table with a line for each.
func Variants(out io.Writer, list []Variant) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VARIANT\tDOCKERFILE\tALLOCATOR\tLINKAGE\tENVIRONMENT")
	for _, v := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", v.Name, v.Dockerfile,
			orDash(plain.Name(v.Allocator)), orDash(plain.Name(v.Linkage)), orDash(plain.Line(environment(v.Env))))
	}
	return w.Flush()
}

func orDash(s string) string { return cmp.Or(s, "–") }

// environment writes variables as NAME=value, sorted.
func environment(env map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		parts = append(parts, plain.Name(name+"="+env[name]))
	}
	return strings.Join(parts, " ")
}
