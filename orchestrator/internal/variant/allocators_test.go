package variant

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

func TestPromise(t *testing.T) {
	check := func(name, label, want string) {
		t.Helper()
		got, err := Promise(name, label)
		if want == "" {
			if err == nil || hint.Of(err) == "" {
				t.Errorf("%s with label %q promises %s, %v; want an error with advice", name, label, got, err)
			}
			return
		}
		if err != nil || got != want {
			t.Errorf("%s with label %q promises %s, %v; want %s", name, label, got, err, want)
		}
	}
	check("libc", "glibc", "glibc")
	check("libc", "", "glibc")
	check("jemalloc+decay", "jemalloc", "jemalloc")
	check("jemalloc-linked", "", "jemalloc")
	check("tcmalloc", "", "gperftools")
	check("mimalloc@sid", "mimalloc", "mimalloc")
	check("libc-arena_max2", "glibc", "glibc")
	check("rpmalloc", "", "rpmalloc")
	check("ours", "mimalloc", "mimalloc")
	check("je-bg", "jemalloc", "jemalloc")
	check("ours", "", "")
	check("snmalloc", "", "") // known by its library alone
	check("jemalloc", "glibc", "")
	check("mimalloc@sid", "jemalloc", "")
	check("jemalloc-bg", "glibc", "")
}

func TestFiles(t *testing.T) {
	check := func(file, allocator, libc string) {
		t.Helper()
		if got := AllocatorOf(file); got != allocator {
			t.Errorf("%s is of the allocator %q; want %q", file, got, allocator)
		}
		if got := LibcOf(file); got != libc {
			t.Errorf("%s is the C library %q; want %q", file, got, libc)
		}
	}
	check("/lib/x86_64-linux-gnu/libc.so.6", "", "glibc")
	check("/lib/x86_64-linux-gnu/libc-2.31.so", "", "glibc")
	check("/usr/lib/x86_64-linux-musl/libc.so", "", "musl")
	check("/lib/ld-musl-x86_64.so.1", "", "musl")
	check("/lib/libc.musl-x86_64.so.1", "", "musl")
	check("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", "jemalloc", "")
	check("/usr/lib/x86_64-linux-gnu/libmimalloc.so.2.0", "mimalloc", "")
	check("/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4.5.9", "gperftools", "")
	check("/usr/lib/x86_64-linux-gnu/libtbbmalloc_proxy.so.2.8", "tbbmalloc", "")
	check("/usr/lib/llvm-16/lib/clang/16/lib/linux/libclang_rt.scudo_standalone-x86_64.so", "scudo", "")
	check("/usr/lib/libscudo.so", "scudo", "")
	check("/usr/lib/libjemalloc.so.2 (deleted)", "jemalloc", "")
	check("/libjemalloc/stepper", "", "")
	check("/lib/x86_64-linux-gnu/libcap.so.2", "", "")
	check("", "", "")
	if !IsLibc("musl") || !IsLibc("glibc") || IsLibc("jemalloc") || IsLibc("") {
		t.Error("glibc and musl are those of C libraries")
	}
}

// TestTable: no entry hides another, and each can be read.
func TestTable(t *testing.T) {
	names := map[string]string{}
	for _, a := range allocators {
		for _, name := range append([]string{"the name " + a.name}, a.variants...) {
			if other := names[name]; other != "" || strings.ContainsAny(name, "+-@") || name != strings.ToLower(name) {
				t.Errorf("%s: %q cannot be its own (%s)", a.name, name, other)
			}
			names[name] = a.name
		}
		for _, pattern := range a.files {
			if _, err := path.Match(pattern, "x"); err != nil {
				t.Errorf("%s: %q: %v", a.name, pattern, err)
			}
			if got := find("/"+strings.ReplaceAll(pattern, "*", "x"), a.libc); got != a.name {
				t.Errorf("%q is found as %q; want %q", pattern, got, a.name)
			}
		}
		if len(a.files) == 0 {
			t.Errorf("%s shows by no file", a.name)
		}
		last := -1
		for _, r := range a.releases {
			at := slices.Index(Suites(), r.Suite)
			switch {
			case at <= last:
				t.Errorf("%s: %s is no suite, or out of order", a.name, r.Suite)
			case r.Version == "" || r.Packages == "":
				t.Errorf("%s: %+v lacks something", a.name, r)
			case (r.Library == "") != a.libc:
				t.Errorf("%s: %q cannot be how it gets in", a.name, r.Library)
			case r.Library != "" && AllocatorOf(r.Library) != a.name:
				t.Errorf("%s: %s shows as %q", a.name, r.Library, AllocatorOf(r.Library))
			}
			last = at
		}
	}
}
