package debian

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

func TestPlace(t *testing.T) {
	check := func(name, want string) {
		t.Helper()
		if got := place(name); got != want {
			t.Errorf("%s is put at %s; want %s", name, got, want)
		}
	}
	check("./lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6")
	check("./usr/lib/libx.so", "usr/lib/libx.so")
	check("./etc/passwd", "etc/passwd")
	check("./../../etc/passwd", "etc/passwd")
	check("./", "")
}

func TestRelink(t *testing.T) {
	check := func(name, target, want string) {
		t.Helper()
		if got := relink(name, target); got != want {
			t.Errorf("%s leads to %s, which is %s; want %s", name, target, got, want)
		}
	}
	check("./lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "../../usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
	check("./usr/lib64/ld-linux-x86-64.so.2", "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "../../usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
	check("./lib/libx.so", "../usr/lib/liby.so", "../../usr/lib/liby.so")
	check("./usr/lib/libx.so.2", "libx.so.2.0", "../../usr/lib/libx.so.2.0")
	check("./evil", "../../../etc/passwd", "etc/passwd")
}

// TestUnpack: two packages of which one has its files in /lib and the other in
// /usr/lib are in one folder, and no link leads out.
func TestUnpack(t *testing.T) {
	_, err := exec.LookPath("dpkg-deb")
	needs.Setup(t, err == nil, "no dpkg-deb: not a Debian system")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pack := func(name string, fill func(dir string)) string {
		dir, deb := t.TempDir(), filepath.Join(t.TempDir(), name+".deb")
		must(os.Mkdir(filepath.Join(dir, "DEBIAN"), 0o755))
		control := "Package: " + name + "\nVersion: 1\nArchitecture: all\nMaintainer: n <n@example.com>\nDescription: none\n"
		must(os.WriteFile(filepath.Join(dir, "DEBIAN/control"), []byte(control), 0o644))
		fill(dir)
		out, err := exec.CommandContext(t.Context(), "dpkg-deb", "--root-owner-group", "--build", dir, deb).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return deb
	}
	first := pack("first", func(dir string) {
		must(os.MkdirAll(filepath.Join(dir, "lib/a"), 0o755))
		must(os.MkdirAll(filepath.Join(dir, "usr/share/doc/first"), 0o755))
		must(os.WriteFile(filepath.Join(dir, "lib/a/libx.so.1"), []byte("x"), 0o755))
		must(os.Chmod(filepath.Join(dir, "lib/a/libx.so.1"), 0o4755))
		must(os.WriteFile(filepath.Join(dir, "usr/share/doc/first/copyright"), nil, 0o644))
		must(os.Link(filepath.Join(dir, "lib/a/libx.so.1"), filepath.Join(dir, "lib/a/hard")))
	})
	second := pack("second", func(dir string) {
		must(os.MkdirAll(filepath.Join(dir, "usr/lib/a"), 0o755))
		must(os.Symlink("/lib/a/libx.so.1", filepath.Join(dir, "usr/lib/a/libx.so")))
		must(os.Symlink("/etc/passwd", filepath.Join(dir, "usr/lib/a/out")))
	})
	root := t.TempDir()
	must(Unpack(t.Context(), root, []string{first, second}))
	for _, name := range []string{"lib/a/libx.so", "usr/lib/a/libx.so.1", "usr/lib/a/hard"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || string(text) != "x" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if info, err := os.Stat(filepath.Join(root, "usr/lib/a/libx.so.1")); err != nil || info.Mode() != 0o755 {
		t.Errorf("mode %v, %v; want no setuid bit", info.Mode(), err)
	}
	for _, name := range []string{"usr/lib/a/out", "usr/share/doc/first"} {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			t.Errorf("%s leads to something", name)
		}
	}
	status, err := os.ReadFile(filepath.Join(root, StatusFile))
	want := "Package: first\nVersion: 1\nArchitecture: all\nMaintainer: n <n@example.com>\nDescription: none\nStatus: install ok installed\n\n"
	if err != nil || string(status) != want+"Package: second"+want[len("Package: first"):] {
		t.Errorf("%s, %v", status, err)
	}
	if err := Unpack(t.Context(), t.TempDir(), []string{filepath.Join(root, StatusFile)}); err == nil {
		t.Error("what is no package was unpacked")
	}
}
