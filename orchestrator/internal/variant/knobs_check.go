package variant

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Asked is what a process was asked for by its environment, and what its allocator
// says of it.
type Asked struct {
	Allocator string            // that serves malloc
	Version   string            // as it says itself; empty: it does not say
	Env       map[string]string // of the process, its image's own included
	Own       map[string]string // the part of it that the variant itself sets
	Read      map[string]string // what was read back, as bench.Proof.Knobs has it
}

// CheckKnobs holds what was asked for against what was read back. The notes name
// the knobs of which nothing can be told. The error, which has a hint, is of the
// first knob that did not take: it is unknown, another version's or another
// allocator's, it has no effect, or the allocator has another value.
func CheckKnobs(a Asked) (notes []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(a.Env)) {
		for _, s := range pieces(name, a.Env[name]) {
			note, err := a.judge(s)
			if err != nil {
				return notes, err
			}
			if note != "" {
				notes = append(notes, note)
			}
		}
	}
	return notes, nil
}

// trimKnob is the service's own: it calls malloc_trim at that interval.
const trimKnob = "TRIM_MS"

// sought is one setting of an environment.
type sought struct {
	env, key, value string // key: within the variable; empty: it has it to itself
	text            string // as people write it
}

func (s sought) name() string { return cmp.Or(s.key, s.env) }

// containers are the variables that hold several settings: what stands between
// two of them, and between a key and its value.
var containers = map[string]struct{ between, within string }{
	"MALLOC_CONF":    {",", ":"},
	"GLIBC_TUNABLES": {":", "="},
	"SCUDO_OPTIONS":  {":, \t\n", "="},
}

// pieces gives the settings in a variable. Of a key that stands there twice the
// last one counts.
func pieces(env, value string) []sought {
	c, several := containers[env]
	if !several {
		return []sought{{env: env, value: value, text: env + "=" + value}}
	}
	var all []sought
	for piece := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(c.between, r) }) {
		key, value, _ := strings.Cut(piece, c.within)
		s := sought{env: env, key: strings.TrimSpace(key), value: strings.TrimSpace(value), text: env + "=" + piece}
		all = append(slices.DeleteFunc(all, func(earlier sought) bool { return earlier.key == s.key }), s)
	}
	return all
}

// owners say by what its name begins with whose knob a variable is.
var owners = []struct{ prefix, allocator string }{
	{"MALLOC_CONF", "jemalloc"},
	{"MALLOC_", "glibc"},
	{"GLIBC_TUNABLES", "glibc"},
	{"MIMALLOC_", "mimalloc"},
	{"TCMALLOC_", "gperftools"},
	{"SCUDO_OPTIONS", "scudo"},
	{"TBB_MALLOC_", "tbbmalloc"},
	{"RPMALLOC_", "rpmalloc"},
}

// ownerOf gives the allocator whose knob a setting is; empty: nobody's that is
// known. The loader's other tunables are no allocator's.
func ownerOf(s sought) string {
	if s.env == "GLIBC_TUNABLES" && !strings.HasPrefix(s.key, "glibc.malloc.") && nearestTunable(s.key) == "" {
		return ""
	}
	for _, o := range owners {
		if strings.HasPrefix(s.env, o.prefix) {
			return o.allocator
		}
	}
	return ""
}

func nearestTunable(key string) string { return words.Nearest(key, keysIn("glibc", "GLIBC_TUNABLES")) }

// keysIn lists the keys that an allocator knows in a variable.
func keysIn(allocator, env string) []string {
	var keys []string
	for _, k := range Knobs(allocator) {
		if k.Env == env {
			keys = append(keys, k.Key)
		}
	}
	return keys
}

// title names the allocator with its version.
func (a Asked) title() string { return strings.TrimSpace(a.Allocator + " " + a.Version) }

// judge gives a note on one setting, or what is wrong with it.
func (a Asked) judge(s sought) (note string, err error) {
	switch owner := ownerOf(s); {
	case s.env == trimKnob:
		if a.Read[trimKnob] != s.value {
			return "", hint.With(fmt.Errorf("%s did not take: the service does not say so", s.text), "check what its Dockerfile starts")
		}
		return "", nil
	case owner == "":
		return a.foreign(s)
	case owner != a.Allocator:
		return "", hint.With(fmt.Errorf("%s is a knob of %s, and malloc is %s's", s.text, owner, a.Allocator),
			"leave it out, or set it for a variant that runs "+owner)
	}
	k, known := a.find(s)
	if known && !k.works(a.Version) {
		return "", a.useless(s, k)
	}
	if !known {
		k.Read = a.name(s)
	}
	switch _, told := a.Read[k.Read]; {
	case told:
		return "", a.took(s, k)
	case known && (k.Read == "" || !a.complete()), !known && !a.complete() && a.grows():
		return fmt.Sprintf("%s cannot be read back from %s", s.text, a.title()), nil
	case !known:
		return "", a.unknown(s)
	}
	return "", a.compare(s, k)
}

// complete says whether the allocator has told all its knobs, so that one which it
// has not told is none of its.
func (a Asked) complete() bool {
	return slices.Contains([]string{"glibc", "jemalloc", "mimalloc"}, a.Allocator) && a.answers()
}

// grows says whether an allocator may have knobs that the table does not: where
// nobody has looked at its version.
func (a Asked) grows() bool { return a.Allocator == "mimalloc" || len(Knobs(a.Allocator)) == 0 }

// took is compare, and says of a thread that was asked for whether there is one.
func (a Asked) took(s sought, k Knob) error {
	err := a.compare(s, k)
	if _, told := a.Read[s.key]; err == nil && s.key == "background_thread" && told {
		err = a.compare(s, Knob{Read: s.key})
	}
	return err
}

// foreign looks at a variable that is no knob of any allocator. One that the
// variant itself sets is meant for something.
func (a Asked) foreign(s sought) (note string, err error) {
	if s.env == "GLIBC_TUNABLES" {
		if _, told := a.Read[s.key]; told {
			return "", a.compare(s, Knob{Read: s.key})
		}
		return fmt.Sprintf("%s cannot be read back from the loader", s.text), nil
	}
	if _, own := a.Own[s.env]; !own {
		return "", nil
	}
	var all []string
	for _, knobs := range knobs {
		for _, k := range knobs {
			all = append(all, k.Env)
		}
	}
	slices.Sort(all)
	if meant := words.DidYouMean(s.env, all); meant != "" {
		return "", hint.With(fmt.Errorf("%s is no knob of any allocator", s.env), meant)
	}
	return "", nil
}

// find gives what is known of a setting: of several entries, the one for this
// version.
func (a Asked) find(s sought) (k Knob, known bool) {
	for _, entry := range Knobs(a.Allocator) {
		if entry.Env == s.env && entry.Key == s.key && (!known || entry.works(a.Version)) {
			k, known = entry, true
		}
	}
	return k, known
}

// works says whether a knob has an effect in a version. Of an unknown version
// nothing else is known.
func (k Knob) works(version string) bool {
	return version == "" || (k.From == "" || !Older(version, k.From)) && (k.Until == "" || Older(version, k.Until))
}

// Older says whether version a comes before version b, number by number: 2.9
// before 2.10. What is no number counts as 0.
func Older(a, b string) bool {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		m, _ := strconv.Atoi(x)
		n, _ := strconv.Atoi(y)
		if m != n {
			return m < n
		}
	}
	return false
}

// name is under which an allocator reads back a knob that the table does not have.
func (a Asked) name(s sought) string {
	switch a.Allocator {
	case "jemalloc":
		return "opt." + s.key
	case "mimalloc":
		return strings.ToLower(strings.TrimPrefix(s.env, "MIMALLOC_"))
	}
	return s.name()
}

// answers says whether the allocator has told anything of its knobs.
func (a Asked) answers() bool {
	for name := range a.Read {
		if !strings.HasPrefix(name, "env.") && name != trimKnob {
			return true
		}
	}
	return false
}

// useless says why a knob has no effect in this version.
func (a Asked) useless(s sought, k Knob) error {
	advice := "leave it out"
	if k.Instead != "" {
		advice = fmt.Sprintf("in %s it is %s", a.title(), k.Instead)
	}
	if k.From != "" && Older(a.Version, k.From) {
		return hint.With(fmt.Errorf("%s has no effect in %s: it is there from %s on", s.text, a.title(), k.From), advice)
	}
	why := cmp.Or(k.Why, "it is there until "+k.Until)
	return hint.With(fmt.Errorf("%s has no effect in %s: %s", s.text, a.title(), why), advice)
}

// unknown is a knob that the allocator does not know.
func (a Asked) unknown(s sought) error {
	var there []string // as they are written in this variable
	for _, k := range Knobs(a.Allocator) {
		if (k.Env == s.env) == (s.key != "") && k.works(a.Version) {
			there = append(there, cmp.Or(k.Key, k.Env))
		}
	}
	for _, read := range slices.Sorted(maps.Keys(a.Read)) {
		option, jemallocs := strings.CutPrefix(read, "opt.")
		switch {
		case jemallocs && s.key != "", strings.HasPrefix(read, "glibc.") && s.key != "":
			there = append(there, option)
		case a.Allocator == "mimalloc" && !strings.HasPrefix(read, "env."):
			there = append(there, knobOfMi(read))
		}
	}
	return hint.With(fmt.Errorf("%s: %s has no %s", s.text, a.title(), s.name()),
		cmp.Or(words.DidYouMean(s.name(), there), "the variants command lists the knobs of an allocator: orchestrator variants"))
}
