package process

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// compiled builds libraries and a program against them: the program asks for f of
// libone with the version ONE_1.10.
func compiled(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"one.c": "int f(void) { return 1; }\n", "main.c": "int f(void);\nint main(void) { return f(); }\n",
		"new.map": "ONE_1.9 {};\nONE_1.10 { global: f; } ONE_1.9;\n", "old.map": "ONE_1.8 {};\nONE_1.9 { global: f; } ONE_1.8;\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script := `set -e; mkdir new old none
for v in new old; do gcc -shared -fPIC -nostdlib -Wl,-soname,libone.so.1 -Wl,--version-script=$v.map -o $v/libone.so.1 one.c; done
gcc -shared -fPIC -nostdlib -Wl,-soname,libone.so.1 -o none/libone.so.1 one.c
gcc -nostdlib -Wl,-e,main -o main main.c new/libone.so.1
gcc -shared -fPIC -nostdlib -o needs.so main.c new/libone.so.1
cp needs.so arm.so; printf '\267' | dd of=arm.so bs=1 seek=18 conv=notrunc 2>/dev/null`
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

func TestFits(t *testing.T) {
	dir := compiled(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	check := func(want string, preload, dirs []string) {
		t.Helper()
		for i := range preload {
			preload[i] = at(preload[i])
		}
		for i := range dirs {
			dirs[i] = at(dirs[i])
		}
		err := fits(at("main"), preload, dirs)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("with %v, in %v: %v; want %q", preload, dirs, err, want)
		}
		var u *unfit
		if strings.Contains(want, "needs") != errors.As(err, &u) {
			t.Errorf("%v is an *unfit: %v", err, u != nil)
		}
	}
	check("", nil, []string{"new"})
	check("", nil, []string{"absent", "new", "old"})
	check("main needs libone.so.1 with ONE_1.10, and the one there has ONE_1.9 at most", nil, []string{"old", "new"})
	check("main needs libone.so.1, which is not there", nil, []string{"absent"})
	check("", nil, []string{"none"})                        // nothing tells its versions
	check("", []string{"new/libone.so.1"}, []string{"old"}) // what is preloaded is there first
	check("", []string{"needs.so"}, []string{"new"})
	check("is for EM_AARCH64", []string{"arm.so"}, []string{"new"})
	check("neither a program nor a library", []string{"main.c"}, []string{"new"})
	check("no such file", []string{"absent.so"}, []string{"new"})
}

func TestNewest(t *testing.T) {
	check := func(versions, like, want string) {
		t.Helper()
		if got := newest(strings.Fields(versions), like); got != want {
			t.Errorf("newest of %s like %s: %q; want %q", versions, like, got, want)
		}
	}
	check("libc.so.6 GLIBC_2.2.5 GLIBC_2.36 GLIBC_2.4 GLIBC_PRIVATE", "GLIBC_2.38", "GLIBC_2.36")
	check("CXXABI_1.3 GLIBCXX_3.4.30", "GLIBCXX_3.4.32", "GLIBCXX_3.4.30")
	check("other", "GLIBC_2.38", "")
}

func TestPreload(t *testing.T) {
	tree, base := t.TempDir(), t.TempDir()
	for _, file := range []string{filepath.Join(libDir(tree), "libx.so.1"), filepath.Join(tree, "opt/liby.so"), filepath.Join(libDir(base), "libx.so.1")} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	suite, here := ground{loader: "ld.so", trees: []string{tree, base}}, ground{trees: []string{tree}}
	check := func(g ground, names, want string) {
		t.Helper()
		got, err := g.preload(names)
		if (err != nil) != (want == "") || got != want {
			t.Errorf("%q is %q, %v; want %q", names, got, err, want)
		}
	}
	x := filepath.Join(libDir(tree), "libx.so.1")
	check(suite, "/usr/$LIB/libx.so.1", x)
	check(suite, "/usr/${LIB}/libx.so.1", x)
	check(suite, "libx.so.1", x)
	check(suite, x, x)
	check(suite, "libx.so.1 /opt/liby.so", x+":"+filepath.Join(tree, "opt/liby.so"))
	check(suite, "libx.so.1:/lib/libnone.so", "")
	check(here, "libx.so.1:/lib/libnone.so", x+":/lib/libnone.so") // this machine may have it
	check(ground{}, "/usr/$LIB/libx.so.1", "/usr/$LIB/libx.so.1")

	env := map[string]string{"LD_PRELOAD": "libx.so.1"}
	if err := (ground{trees: []string{tree}, dirs: []string{"/a", "/b"}}).prepare(env); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(map[string]string{"LD_PRELOAD": x, "LD_LIBRARY_PATH": "/a:/b"}, env); diff != "" {
		t.Error(diff)
	}
}

func TestAgain(t *testing.T) {
	have := []byte("Package: libc6\nVersion: 1\n\nPackage: libgcc-s1\n\n")
	if got := again([]string{"/x/libc6-dev_1_amd64.deb", "/x/libjemalloc2_1_amd64.deb"}, have); got != "" {
		t.Errorf("%s is not there yet", got)
	}
	if got := again([]string{"/x/libgcc-s1_2_amd64.deb"}, have); got != "libgcc-s1" {
		t.Errorf("%q; want libgcc-s1", got)
	}
}
