package variant

import (
	"maps"
	"slices"
)

// Taken gives the knobs of env as a running allocator says that it has them, such as
// "opt.narenas=2". What cannot be read back is left out.
func Taken(allocator, version string, env, read map[string]string) []string {
	a := Asked{Allocator: allocator, Version: version}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		for _, s := range pieces(name, env[name]) {
			under := trimKnob
			if name != trimKnob {
				k, _ := a.find(s)
				under = k.Read
			}
			if value, ok := read[under]; ok && under != "" {
				all = append(all, under+"="+value)
			}
		}
	}
	return all
}
