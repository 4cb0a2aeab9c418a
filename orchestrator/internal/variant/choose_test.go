package variant

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

const (
	onDebian = "ARG BUILD_BASE=golang:1.26-bookworm\nARG RUN_BASE=debian:bookworm-slim\nFROM ${BUILD_BASE} AS build\nARG LINK=preloaded\nFROM ${RUN_BASE}\n"
	template = onDebian + "ARG ALLOCATOR=jemalloc\nARG RUN_PACKAGES=libjemalloc2\nARG LIBRARY=/x\nENV LD_PRELOAD=${LIBRARY}\nLABEL stair-stepper.allocator=\"${ALLOCATOR}\"\n"
)

// project finds what there is in a folder with the given files.
func project(t *testing.T, texts map[string]string) Found {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "variants"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := Find(root, "libc")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// ours is a project like this one, with a few lists.
func ours(t *testing.T) Found {
	return project(t, map[string]string{
		"Dockerfile.libc":             onDebian + "LABEL stair-stepper.allocator=glibc\n",
		"Dockerfile.jemalloc":         onDebian + "LABEL stair-stepper.allocator=jemalloc\n",
		"Dockerfile.alpine":           "FROM alpine:3.20\nLABEL stair-stepper.allocator=musl\n",
		"variants/preload.Dockerfile": template,
		"variants/some.list":          "# two, and one of them tuned\njemalloc  # stock\nmi = mimalloc@sid\t# the latest\nlibc2=libc,MALLOC_ARENA_MAX=2\n",
		"variants/more.list":          "include some\njemalloc\nje=jemalloc@trixie\n\nje@sid\n",
		"variants/odd.list":           "libc2=libc,MALLOC_ARENA_MAX=4\n",
		"variants/round.list":         "libc\ninclude ring\n",
		"variants/ring.list":          "include round\n",
		"variants/empty.list":         "# none\n",
		"variants/typo.list":          "libc\n  je = jemalloc@sdi\n",
		"variants/twice.list":         "libc\njemalloc@sid\nlibc\n",
		"variants/gone.list":          "include nowhere\n",
	})
}

// asked makes what is asked for of texts; one that begins with a : names a list.
func asked(texts ...string) (all []Wanted) {
	for _, text := range texts {
		name, list := strings.CutPrefix(text, ":")
		all = append(all, Wanted{Text: name, List: list})
	}
	return all
}

func TestChoose(t *testing.T) {
	found := ours(t)
	check := func(wanted []Wanted, baseline string, want ...bench.Variant) {
		t.Helper()
		got, err := found.Choose(wanted, baseline)
		if err != nil {
			t.Errorf("%v: %v", wanted, err)
			return
		}
		if diff := cmp.Diff(want, got.Variants); diff != "" {
			t.Errorf("%v (-want +got):\n%s", wanted, diff)
		}
	}
	libc := bench.Variant{Name: "libc", Dockerfile: "Dockerfile.libc"}
	jemalloc := bench.Variant{Name: "jemalloc", Dockerfile: "Dockerfile.jemalloc"}
	alpine := bench.Variant{Name: "alpine", Dockerfile: "Dockerfile.alpine"}
	packaged := func(name, allocator, suite string) bench.Variant {
		r, _ := ReleaseIn(allocator, suite)
		return bench.Variant{
			Name: name, Dockerfile: "variants/preload.Dockerfile", Suite: suite,
			Args: map[string]string{"ALLOCATOR": allocator, "RUN_PACKAGES": r.Packages, "LIBRARY": r.Library},
		}
	}
	env := func(name string, of bench.Variant, pairs ...string) bench.Variant {
		of.Name, of.Env = name, map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			of.Env[pairs[i]] = pairs[i+1]
		}
		return of
	}
	on := func(name string, of bench.Variant, suite string) bench.Variant {
		of.Name, of.Suite = name, suite
		return of
	}

	// Every Dockerfile.NAME, and no template, unless something is asked for.
	check(nil, "libc", libc, alpine, jemalloc)
	check(nil, "jemalloc", jemalloc, libc, alpine)
	check(nil, "libc@sid", on("libc@sid", libc, "sid"), libc, alpine, jemalloc)

	check(asked("jemalloc", "libc"), "libc", libc, jemalloc)
	check(asked("jemalloc@sid"), "libc", libc, on("jemalloc@sid", jemalloc, "sid"))
	check(asked("jemalloc"), "jemalloc@sid", on("jemalloc@sid", jemalloc, "sid"), jemalloc)
	check(asked("libc", "jemalloc,LINK=linked"), "libc", libc,
		bench.Variant{Name: "jemalloc-link-linked", Dockerfile: "Dockerfile.jemalloc", Args: map[string]string{"LINK": "linked"}})
	check(asked("libc", "libc,MALLOC_ARENA_MAX=2"), "libc", libc, env("libc-arena_max2", libc, "MALLOC_ARENA_MAX", "2"))
	check(asked("x=libc,TRIM_MS=1000", "y=jemalloc,LD_PRELOAD=/x"), "x", env("x", libc, "TRIM_MS", "1000"), env("y", jemalloc, "LD_PRELOAD", "/x"))

	// The oldest suite that has it.
	check(asked("libc", "mimalloc", "mimalloc@trixie", "rpmalloc"), "libc", libc,
		packaged("mimalloc", "mimalloc", "bookworm"), packaged("mimalloc@trixie", "mimalloc", "trixie"), packaged("rpmalloc", "rpmalloc", "sid"))
	check(asked("libc", "mine=preload,ALLOCATOR=mimalloc"), "libc", libc,
		bench.Variant{Name: "mine", Dockerfile: "variants/preload.Dockerfile", Args: map[string]string{"ALLOCATOR": "mimalloc"}})

	// Lists, and names that stand for others.
	libc2, mi := env("libc2", libc, "MALLOC_ARENA_MAX", "2"), packaged("mi", "mimalloc", "sid")
	check(asked(":some"), "libc", libc, jemalloc, mi, libc2)
	check(asked(":variants/some.list", "alpine", "jemalloc"), "jemalloc", jemalloc, mi, libc2, alpine)
	check(asked(":more"), "jemalloc", jemalloc, mi, libc2, on("je", jemalloc, "trixie"), on("je@sid", jemalloc, "sid"))
	check(asked("mi", "mi@trixie"), "libc", libc, mi, packaged("mi@trixie", "mimalloc", "trixie"))
	check(asked("libc", "a=libc,TRIM_MS=1,MALLOC_ARENA_MAX=1", "b=a,TRIM_MS=2"), "libc", libc,
		env("a", libc, "TRIM_MS", "1", "MALLOC_ARENA_MAX", "1"), env("b", libc, "TRIM_MS", "2", "MALLOC_ARENA_MAX", "1"))
	check(asked("libc2", ":some"), "libc2", libc2, jemalloc, mi)

	got, err := found.Choose(asked("jemalloc"), "libc")
	if want := []string{"libc is compared too: it is the baseline"}; err != nil || !cmp.Equal(got.Notes, want) {
		t.Errorf("%q, %v; want %q", got.Notes, err, want)
	}
}

func TestChooseMistakes(t *testing.T) {
	found := ours(t)
	check := func(wanted []Wanted, baseline, want, advice string) {
		t.Helper()
		got, err := found.Choose(wanted, baseline)
		if err == nil {
			t.Errorf("%v: %v", wanted, got)
			return
		}
		text, _, _ := strings.Cut(err.Error(), "\n")
		if text != want || !strings.Contains(hint.Of(err), advice) || !hint.IsMistake(err) {
			t.Errorf("%v:\n%v\nhint: %s\nwant\n%s\nhint: %s", wanted, err, hint.Of(err), want, advice)
		}
		if m, ok := errors.AsType[*Mistake](err); ok && wanted[m.Of].Text != wanted[len(wanted)-1].Text {
			t.Errorf("%v: the mistake is in %q", wanted, wanted[m.Of].Text)
		}
	}
	check(asked("libc", "jemaloc"), "libc", `unknown variant "jemaloc"`, `did you mean "jemalloc"? there are alpine, gperftools, jemalloc, libc, mimalloc, preload, rpmalloc, scudo, tbbmalloc; a new one is a new Dockerfile.jemaloc`)
	check(asked("glibc@sid"), "libc", `unknown variant "glibc"`, `did you mean "libc"?`)
	check(asked("tcmalloc"), "libc", `unknown variant "tcmalloc"`, `did you mean "gperftools"?`)
	check(asked("lib2c"), "libc", `unknown variant "lib2c"`, `did you mean "libc"?`)
	check(asked("libc@sdi"), "libc", `unknown suite "sdi"`, `did you mean "sid"? suites are bookworm, trixie and sid`)
	check(asked("rpmalloc@trixie"), "libc", "Debian trixie has no rpmalloc", "sid has 2.0.1")
	check(asked("alpine@sid"), "libc", "alpine cannot be put on sid: its Dockerfile cannot be put on another suite: neither RUN_BASE nor BUILD_BASE is an ARG before the first FROM that names an image of Debian's", "ARG RUN_BASE=")
	check(asked("libc@sid,RUN_BASE=debian:sid"), "libc", "RUN_BASE and the suite sid both say what it runs on", "leave one of them out")
	check(asked("libc,MALLOC_ARENAS_MAX=2"), "libc", "unknown knob MALLOC_ARENAS_MAX: neither glibc nor the service reads it, and the Dockerfile has no such ARG", `did you mean "MALLOC_ARENA_MAX"?`)
	check(asked("mimalloc,MALLOC_ARENA_MAX=2"), "libc", "MALLOC_ARENA_MAX is a knob of glibc, which mimalloc does not read", "")
	check(asked("jemalloc,GLIBC_TUNABLES=glibc.pthread.rseq=0:glibc.malloc.arena_max=2"), "libc", "glibc.malloc.arena_max is a knob of glibc, which jemalloc does not read", "")
	check(asked("jemalloc,MALLOC_CONF=narenas:2,bakground_thread:true"), "libc", "jemalloc has no option bakground_thread in MALLOC_CONF", `did you mean "background_thread"?`)
	check(asked("libc,GLIBC_TUNABLES=glibc.malloc.tcache_cuont=0"), "libc", "glibc has no option glibc.malloc.tcache_cuont in GLIBC_TUNABLES", `did you mean "glibc.malloc.tcache_count"?`)
	check(asked("mimalloc,TRIM_MS=10"), "libc", "TRIM_MS calls malloc_trim, which mimalloc does not have", "leave it out")
	check(asked("libc,SLEEP_MS=1"), "libc", "SLEEP_MS is not a variant's to set", "--sleep")
	check(asked("libc,GOGC=50"), "libc", "GOGC is not a variant's to set", "the service sets it itself")
	check(asked("libc", "jemalloc-x=libc"), "libc", "variant jemalloc-x promises jemalloc by its name, and its image's label promises glibc", "NAME=libc")
	check(asked("mimalloc=libc"), "libc", "mimalloc is the name of something else: the allocator that Debian packages", "another name")
	check(asked("libc=libc,MALLOC_ARENA_MAX=2"), "libc", "libc is the name of something else: Dockerfile.libc", "another name")
	check(asked("x@sid=libc@trixie"), "libc", "x@sid would run on trixie", "another name")
	check(asked("x@sid=libc"), "libc", "x@sid would run on what its Dockerfile names", "another name")
	check(asked("libc", "libc"), "libc", "the variant libc is named twice", "--aa")
	check(asked("libc@sid", "x=libc", "x=libc"), "x", "the variant x is named twice", "leave one")
	check(asked("x=libc", "x=jemalloc"), "x", "two variants are called x: the other is x=libc", "NAME=")
	check(asked("x@y=libc", "x+y=libc"), "x@y", "x+y and x@y are too much alike: both are called x-y where names have no @ and no +", "NAME=")
	check(asked(":some", "mi=mimalloc"), "libc", "two variants are called mi: the other is mi=mimalloc@sid, at variants/some.list:3", "NAME=")
	check(asked("libc2"), "libc", "libc2 is the name of two variants: libc2=libc,MALLOC_ARENA_MAX=4, at variants/odd.list:1, and libc2=libc,MALLOC_ARENA_MAX=2, at variants/some.list:4", "--variants")
	check(asked("a=a,TRIM_MS=1"), "libc", "a stands for itself", "name a source")
	check(asked("libc", ":sme"), "libc", `there is no list "sme" of variants`, `did you mean "some"? lists are empty, gone, `)
	check(asked(":round"), "libc", "variants/ring.list:1: the list variants/round.list includes itself", "take one")
	check(asked(":empty"), "libc", "the list variants/empty.list has no variant", "SOURCE")
	check(asked(":typo"), "libc", `variants/typo.list:2: unknown suite "sdi"`, `did you mean "sid"?`)
	check(asked(":twice"), "libc", "variants/twice.list:3: the variant libc is named twice, at variants/twice.list:1", "")
	check(asked(":gone"), "libc", `variants/gone.list:1: there is no list "nowhere" of variants`, "lists are")
	check(asked(":no/such"), "libc", "list of variants: open "+filepath.Join(found.root, "no/such")+": no such file or directory", "")
	check(asked("jemalloc", "mi"), "jemaloc", "the baseline jemaloc is not among the variants", `did you mean "jemalloc"? there are jemalloc, mi`)
	check(nil, "libc@sdi", `the baseline libc@sdi: unknown suite "sdi"`, `did you mean "sid"?`)
	check(nil, "nosuch", "the baseline nosuch is not among the variants", "there are libc, alpine, jemalloc")

	bare := project(t, map[string]string{"Dockerfile.libc": onDebian})
	_, err := bare.Choose(asked("mimalloc"), "libc")
	if want := "mimalloc is built from variants/preload.Dockerfile, which is not here"; err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
	if _, err := bare.Choose(asked(":stock"), "libc"); err == nil || hint.Of(err) != "a list is a file variants/stock.list" {
		t.Errorf("%v, hint %q", err, hint.Of(err))
	}
}

func TestNames(t *testing.T) {
	found := ours(t)
	check := func(got []string, want string) {
		t.Helper()
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	check(found.SourceNames(), "alpine gperftools jemalloc libc mimalloc preload rpmalloc scudo tbbmalloc")
	check(found.ListNames(), "empty gone more odd ring round some twice typo")
	check(found.ListedNames(), "je libc2 mi")
}
