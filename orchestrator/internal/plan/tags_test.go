package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSelects is the truth table of the tags. An absent list is "-".
func TestSelects(t *testing.T) {
	options := func(run, skip string) Options {
		var opt Options
		if run != "-" {
			opt.Tags, opt.TagsSet = ParseTags(run), true
		}
		if skip != "-" {
			opt.SkipTags = ParseTags(skip)
		}
		return opt
	}
	check := func(item, run, skip string, want bool) {
		t.Helper()
		if got := newFilter(options(run, skip)).selects(strings.Fields(item)); got != want {
			t.Errorf("[%s] with --tags %s --skip-tags %s: %v; want %v", item, run, skip, got, want)
		}
	}
	// Untagged: runs unless tags are asked for, whatever is skipped.
	check("", "-", "-", true)
	check("", "a", "-", false)
	check("", "-", "a", true)
	check("", "", "-", false)

	check("a b", "-", "-", true)
	check("a b", "a", "-", true)
	check("a b", "b", "-", true)
	check("a b", "z", "-", false)
	check("a b", "A", "-", false) // case counts
	check("a b", "-", "a", false)
	check("a b", "-", "z", true)
	check("a b", "a", "b", false) // skipping wins
	check("a b", "a", "z", true)
	check("a b", "", "-", false)

	check("always b", "-", "-", true)
	check("always b", "z", "-", true)
	check("always b", "b", "-", true)
	check("always b", "", "-", true)
	check("always b", "-", "always", false)
	check("always b", "-", "b", false)

	check("never b", "-", "-", false)
	check("never b", "b", "-", false) // never has to be asked for itself
	check("never b", "never", "-", true)
	check("never b", "never,b", "-", true)
	check("never b", "never", "b", false)
	check("never b", "-", "z", false)

	check("always never", "-", "-", true)
	check("always never", "z", "-", false)
	check("always never", "always", "-", false)
	check("always never", "never", "-", true)

	// Words that other tools know mean nothing.
	check("a", "all", "-", false)
	check("a", "tagged", "-", false)
	check("", "untagged", "-", false)
}

func TestParseTags(t *testing.T) {
	check := func(list string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, ParseTags(list)); diff != "" {
			t.Errorf("%q (-want +got)\n%s", list, diff)
		}
	}
	check("a", "a")
	check(" a , b,c c ", "a", "b", "c c")
	check("")
	check(" ", "")
	check("a,,b,", "a", "", "b", "")
}

func TestShownTags(t *testing.T) {
	check := func(list string, given bool, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, ShownTags(list, given)); diff != "" {
			t.Errorf("%q (-want +got)\n%s", list, diff)
		}
	}
	check("", false)
	check("", true, "")
	check("a, b", true, "a", "b")
}

// FuzzTags holds the filter to its rules in another form: what skipping, never,
// always and the tags asked for come to together.
func FuzzTags(f *testing.F) {
	f.Add("a,b", "a", "b", true)
	f.Add("always", "never,always", "", true)
	f.Add("never", "", "never", false)
	f.Add("always,never", "never", "a", true)
	f.Fuzz(func(t *testing.T, item, run, skip string, given bool) {
		tags := ParseTags(item)
		opt := Options{TagsSet: given, SkipTags: ParseTags(skip)}
		if given {
			opt.Tags = ParseTags(run)
		}
		in := func(list []string) bool {
			return slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(list, tag) })
		}
		isAlways, isNever := slices.Contains(tags, always), slices.Contains(tags, never)
		var want bool
		switch {
		case in(opt.SkipTags):
			want = false
		case given && isNever:
			want = slices.Contains(opt.Tags, never)
		case given:
			want = isAlways || in(opt.Tags)
		default:
			want = isAlways || !isNever
		}
		if got := newFilter(opt).selects(tags); got != want {
			t.Errorf("%q: %v with %+v; want %v", tags, got, opt, want)
		}
	})
}

func TestNoneSelected(t *testing.T) {
	check := func(want bool, opt Options) {
		t.Helper()
		opt.Input = []byte("plan:\n- name: a\n  tags: [x]\n  request: {url: 'http://h.org/'}\n")
		_, err := Load("-", opt)
		if got := errors.Is(err, ErrNoneSelected); got != want || err == nil {
			t.Errorf("%+v: %v, which is %v", opt.Tags, err, got)
		}
	}
	check(true, Options{Tags: []string{"y"}, TagsSet: true})
	check(true, Options{Tags: []string{"y"}, TagsSet: true, SkipTags: []string{"x"}})
	check(false, Options{SkipTags: []string{"x"}})
}
