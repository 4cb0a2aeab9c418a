package malloc

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestTunables asks the loader of this test, where it has one.
func TestTunables(t *testing.T) {
	if mappedLoader() == "" || Identify().Libc != "glibc" {
		if got := Tunables(t.Context()); len(got) != 0 {
			t.Errorf("without glibc's loader: %v", got)
		}
		return
	}
	if got := Tunables(t.Context()); got["glibc.malloc.arena_max"] != "0x0" {
		t.Errorf("nothing is asked for: %v", got)
	}
	t.Setenv("MALLOC_ARENA_MAX", "3")
	t.Setenv("GLIBC_TUNABLES", "glibc.malloc.trim_threshold=65536")
	if got := Tunables(t.Context()); got["glibc.malloc.arena_max"] != "0x3" || got["glibc.malloc.trim_threshold"] != "0x10000" {
		t.Errorf("asked for 3 and 65536: %v", got)
	}
}

func TestParseTunables(t *testing.T) {
	got := parseTunables("glibc.malloc.check: 0 (min: 0, max: 3)\nglibc.cpu.hwcap_mask: \nsomething else\n")
	if len(got) != 2 || got["glibc.malloc.check"] != "0" {
		t.Errorf("%q", got)
	}
}

func TestAskedKnobs(t *testing.T) {
	t.Setenv("MIMALLOC_PURGE_DELAY", "0")
	t.Setenv("TBB_MALLOC_USE_HUGE_PAGES", "1")
	t.Setenv("OTHER", "1")
	got := Knobs("tbbmalloc")
	if _, other := got["env.OTHER"]; other || got["env.MIMALLOC_PURGE_DELAY"] != "0" || got["env.TBB_MALLOC_USE_HUGE_PAGES"] != "1" {
		t.Errorf("%v", got)
	}
}

// TestProgram: it is the file of this test, whose path the system knows too.
func TestProgram(t *testing.T) {
	file, digest, err := Program()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(text); file != want || digest != hex.EncodeToString(sum[:]) {
		t.Errorf("%s %s; want %s %x", file, digest, want, sum)
	}
}

func TestMappedAt(t *testing.T) {
	const maps = "1000-2000 r-xp 00000000 08:01 5 /lib/ld.so\n2000-3000 rw-p 00000000 00:00 0\n4000-5000 r-xp 00000000 08:01 6 /a b/stepper (deleted)\n"
	check := func(address uint64, want string) {
		t.Helper()
		got, err := mappedAt(strings.NewReader(maps), address)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%x: %q, %v; want %q", address, got, err, want)
		}
	}
	check(0x1000, "/lib/ld.so")
	check(0x2000, "")
	check(0x4fff, "/a b/stepper")
	check(0x5000, "")
}

func TestVersionInPath(t *testing.T) {
	check := func(file, want string) {
		t.Helper()
		if got := versionInPath(file); got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
	check("/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.scudo_standalone-x86_64.so", "14.0.6")
	check("/usr/lib/librpmalloc.so.1.0.0", "")
	check("/clang/19", "")
	check("", "")
}

func TestTrim(t *testing.T) {
	if got, want := Trim(), Identify().Name == "glibc"; got != want {
		t.Errorf("trimmed: %v, want %v", got, want)
	}
}
