package variant

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var ignorePlaces = cmp.Options{cmpopts.IgnoreUnexported(Spec{}, Setting{}), cmpopts.EquateEmpty()}

func TestParseSpec(t *testing.T) {
	check := func(text string, want Spec, written string) {
		t.Helper()
		got, err := ParseSpec(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			return
		}
		if diff := cmp.Diff(want, got, ignorePlaces); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
		if got.String() != written {
			t.Errorf("%q is written %q; want %q", text, got, written)
		}
	}
	set := func(pairs ...string) (all []Setting) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, Setting{Variable: pairs[i], Value: pairs[i+1]})
		}
		return all
	}
	check("libc", Spec{Source: "libc"}, "libc")
	check("jemalloc@sid", Spec{Source: "jemalloc", Suite: "sid"}, "jemalloc@sid")
	check("libc,MALLOC_ARENA_MAX=2", Spec{Source: "libc", Settings: set("MALLOC_ARENA_MAX", "2")}, "libc,MALLOC_ARENA_MAX=2")
	check("je-bg=jemalloc,MALLOC_CONF=background_thread:true", Spec{Name: "je-bg", Source: "jemalloc", Settings: set("MALLOC_CONF", "background_thread:true")}, "je-bg=jemalloc,MALLOC_CONF=background_thread:true")
	check(" x = jemalloc @ sid , A=b:1,c:2, D=e=f ", Spec{Name: "x", Source: "jemalloc", Suite: "sid", Settings: set("A", "b:1,c:2", "D", "e=f")}, "x=jemalloc@sid,A=b:1,c:2,D=e=f")
	check("mine=preload,RUN_PACKAGES=a b,LIBRARY=/usr/$LIB/x.so", Spec{Name: "mine", Source: "preload", Settings: set("RUN_PACKAGES", "a b", "LIBRARY", "/usr/$LIB/x.so")}, "mine=preload,RUN_PACKAGES=a b,LIBRARY=/usr/$LIB/x.so")
	check("libc,A=1,,2", Spec{Source: "libc", Settings: set("A", "1,,2")}, "libc,A=1,,2")
}

func TestSpecMistakes(t *testing.T) {
	check := func(text, problem, marked, advice string) {
		t.Helper()
		_, err := ParseSpec(text)
		m, ok := errors.AsType[*Mistake](err)
		if !ok {
			t.Errorf("%q: %v; want a mistake", text, err)
			return
		}
		at := text[min(m.At, len(text)):min(m.At+m.Len, len(text))]
		if m.Problem != problem || at != marked || !strings.Contains(m.Advice, advice) {
			t.Errorf("%q: %q at %q, hint %q", text, m.Problem, at, m.Advice)
		}
	}
	check("", "a variant without a name", "", "NAME=")
	check("  ", "a variant without a name", "  ", "NAME=")
	check("=libc", "there is no name before the =", "=", "")
	check("My=libc", `"My" cannot name a variant`, "My", "lower-case")
	check("a b=libc", `"a b" cannot name a variant`, "a b", "lower-case")
	check("MALLOC_ARENA_MAX=2", `"MALLOC_ARENA_MAX" cannot name a variant`, "MALLOC_ARENA_MAX", "libc,MALLOC_ARENA_MAX=2")
	check(strings.Repeat("a", 49)+"=libc", "the name has 49 characters", strings.Repeat("a", 49), "at most 48")
	check("x=", "there is no source of the variant", "", "SOURCE")
	check("@sid", "there is no source of the variant", "@", "SOURCE")
	check(",A=1", "there is no source of the variant", ",", "SOURCE")
	check("a=b=c", `"b=c" names no variant`, "b=c", "SOURCE")
	check("libc@", "there is no suite behind the @", "@", "bookworm, trixie, sid")
	check("libc@sid@sid", `"sid@sid" is no suite`, "sid@sid", "bookworm")
	check("libc,", "there is nothing behind the comma", ",", "SOURCE")
	check("libc,A=1,", "there is nothing behind the comma", ",", "SOURCE")
	check("libc,A=", "A has no value", "A=", "A=VALUE")
	check("libc,A= ,B=2", "A has no value", "A=", "A=VALUE")
	check("libc,MALLOC_ARENA_MAX", "MALLOC_ARENA_MAX has no value", "MALLOC_ARENA_MAX", "MALLOC_ARENA_MAX=VALUE")
	check("libc,TRIM_MS=1,MALLOC_ARENA_MAX", "MALLOC_ARENA_MAX has no value", "MALLOC_ARENA_MAX", "MALLOC_ARENA_MAX=VALUE")
	check("libc,A=1, A=2", "A is set twice", "A", "leave one")
	check("libc,malloc_arena_max=2", `"malloc_arena_max=2" is no VARIABLE=VALUE`, "malloc_arena_max=2", `did you mean "MALLOC_ARENA_MAX=2"?`)
	check("libc,arenas", `"arenas" is no VARIABLE=VALUE`, "arenas", "VARIABLE=VALUE")
	check("libc,A=\x1b[2J", `"libc,A=\x1b[2J" has a character that no variant can have`, "\x1b", "")
	check("libc,A="+strings.Repeat("x", 5000), "a variant of 5007 characters", "libc,A="+strings.Repeat("x", 5000), "at most 4096")
	check("libc,A=\xff", `"libc,A=\xff" has a character that no variant can have`, "\xff", "")
}

func TestMistake(t *testing.T) {
	check := func(m Mistake, want string) {
		t.Helper()
		if got := m.Error(); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
	check(Mistake{Text: "nosuch", Len: 6, Problem: "unknown"}, "unknown")
	check(Mistake{Text: "je=jemalloc@sdi", At: 12, Len: 3, Problem: "unknown suite"}, "unknown suite\n    je=jemalloc@sdi\n                ^^^")
	check(Mistake{Text: "nosuch", Len: 6, File: "variants/x.list", Line: 3, Problem: "unknown"}, "variants/x.list:3: unknown\n    nosuch\n    ^^^^^^")
	check(Mistake{Text: "é,x", At: 3, Len: 1, Problem: "p"}, "p\n    é,x\n      ^")
	check(Mistake{Text: "x", At: 7, Len: 1, Problem: "p", File: "a", Line: 1}, "a:1: p\n    x\n     ^")
}

func TestTitle(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		s, err := ParseSpec(text)
		if err != nil || s.title() != want {
			t.Errorf("%s is called %s, %v; want %s", text, s.title(), err, want)
		}
	}
	check("jemalloc@sid", "jemalloc@sid")
	check("x=jemalloc@sid", "x")
	check("libc,MALLOC_ARENA_MAX=2", "libc-arena_max2")
	check("libc,MALLOC_TOP_PAD_=65536", "libc-top_pad_65536")
	check("jemalloc,MALLOC_CONF=background_thread:true,tcache:false,dirty_decay_ms:-1", "jemalloc-background_thread-no-tcache-dirt-eb68d9")
	check("jemalloc,MALLOC_CONF=percpu_arena:percpu", "jemalloc-percpu_arena-percpu")
	check("libc,GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.pthread.rseq=0", "libc-tcache_count0-pthread.rseq0")
	check("scudo,SCUDO_OPTIONS=release_to_os_interval_ms=0", "scudo-release_to_os_interval_ms0")
	check("mimalloc@sid,MIMALLOC_PURGE_DELAY=0", "mimalloc@sid-purge_delay0")
	check("libc,LD_PRELOAD=/usr/lib/liba.so:/usr/lib/libb.so", "libc-ld_preload-liba.so-libb.so")
	check("libc,TRIM_MS=1000", "libc-trim_ms1000")
}

// FuzzParseSpec: nothing panics; what is written again is read as the same; a name
// that is made of it is fit for one, and so is what is shown of a mistake.
func FuzzParseSpec(f *testing.F) {
	for _, seed := range []string{"libc", "je-bg=jemalloc@sid,MALLOC_CONF=a:1,b:2", "libc,A=,B", "=@,", "x = y @ z , A=b ", "libc,GLIBC_TUNABLES=glibc.malloc.x=1:", "a\x00b", "é=ü", "libc,A= x", "libc,A=b,\u2003C=d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSpec(text)
		if err != nil {
			m, ok := errors.AsType[*Mistake](err)
			if !ok || m.At < 0 || m.At > len(text) || m.Problem == "" || err.Error() == "" {
				t.Errorf("%q: %#v", text, err)
			}
			return
		}
		again, err := ParseSpec(s.String())
		if err != nil {
			t.Fatalf("%q is written %q: %v", text, s, err)
		}
		if diff := cmp.Diff(s, again, ignorePlaces); diff != "" {
			t.Errorf("%q is written %q (-was +is):\n%s", text, s, diff)
		}
		if goodName.MatchString(s.Source) && (s.Suite == "" || goodName.MatchString(s.Suite)) {
			if name := s.title(); len(name) > longestName || !goodSpecName.MatchString(name) {
				t.Errorf("%q is called %q", text, name)
			}
		}
	})
}
