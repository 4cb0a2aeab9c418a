package process_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/process"
)

// small is a project whose variants are built at once: a program of this machine's
// is all that they are.
func small(t *testing.T, dockerfiles map[string]string) string {
	t.Helper()
	root, _ := enginetest.Project(t, true)
	for name, text := range dockerfiles {
		if err := os.WriteFile(filepath.Join(root, "Dockerfile."+name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const (
	onDebian = "ARG RUN_BASE=debian:bookworm-slim\nFROM ${RUN_BASE}\nARG OUT\n"
	copied   = onDebian + "RUN cp /bin/true ${OUT}\n"
)

// static is a program that no dynamic loader starts.
const static = onDebian + `RUN echo 'package main; func main() {}' > ${OUT}.go && CGO_ENABLED=0 go build -o ${OUT} ${OUT}.go
ENV LD_PRELOAD=/usr/\$LIB/libjemalloc.so.2
`

// future is a program for a C library that nobody has yet.
const future = onDebian + `RUN cd $(dirname ${OUT}) && echo 'int f(void) { return 1; }' > f.c && echo 'GLIBC_9.9 { global: f; };' > f.map && \
    gcc -shared -fPIC -nostdlib -Wl,-soname,libc.so.6 -Wl,--version-script=f.map -o libc.so.6 f.c && \
    echo 'int f(void); int main(void) { return f(); }' > main.c && gcc -nostdlib -Wl,-e,main -o ${OUT} main.c ./libc.so.6
`

// TestOthersGoOn: what is wrong with a variant on a suite is told with what is
// missing, and stops no other.
func TestOthersGoOn(t *testing.T) {
	mirror(t)
	root := small(t, map[string]string{
		"good": copied, "static": static, "future": future,
		"nowhere": copied + "ENV LD_PRELOAD=/usr/lib/libnone.so\n",
		"unknown": copied + "ARG RUN_PACKAGES=libnone-of-debians1\n",
	})
	e := newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: t.TempDir()})
	variant := func(name, suite string) bench.Variant {
		return bench.Variant{Name: name, Dockerfile: "Dockerfile." + name, Suite: suite}
	}
	made, err := e.Prepare(t.Context(), []bench.Variant{
		variant("static", "bookworm"), variant("nowhere", "bookworm"),
		variant("unknown", "bookworm"), variant("good", "bullwinkle"), variant("future", "bookworm"),
		variant("good", "bookworm"), variant("good", ""),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	hinted(t, made[0].Err, "variant static: its binary is static", "link the binary dynamically")
	hinted(t, made[1].Err, "LD_PRELOAD names /usr/lib/libnone.so, which is not in its packages", "RUN_PACKAGES")
	hinted(t, made[2].Err, "packages of bookworm: apt-get install: ", "")
	if !strings.Contains(made[2].Err.Error(), "libnone-of-debians1") {
		t.Errorf("%v; want the package's name", made[2].Err)
	}
	hinted(t, made[3].Err, "packages of bullwinkle: ", "")
	hinted(t, made[4].Err, "cannot run on bookworm: ", "built against this machine's C library")
	if !strings.Contains(made[4].Err.Error(), "needs libc.so.6 with GLIBC_9.9, and the one there has GLIBC_2.36 at most") {
		t.Errorf("%v; want both versions", made[4].Err)
	}
	for _, m := range made[5:] {
		if m.Err != nil || m.Name == "" {
			t.Errorf("%+v", m)
		}
	}
}

// TestTwoAtOnce: two runs that make the same tree at the same time both have it.
func TestTwoAtOnce(t *testing.T) {
	mirror(t)
	root, cache := small(t, map[string]string{"good": copied}), t.TempDir()
	var all sync.WaitGroup
	for range 2 {
		e := newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: cache})
		all.Go(func() {
			_, err := engine.Images(e.Prepare(t.Context(), []bench.Variant{{Name: "good", Dockerfile: "Dockerfile.good", Suite: "bookworm"}}, nil))
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	trees, err := os.ReadDir(filepath.Join(cache, "suites"))
	if err != nil || len(trees) != 1 || !strings.HasPrefix(trees[0].Name(), "bookworm-") {
		t.Errorf("trees: %v, %v", trees, err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "*making*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestWithoutApt: a machine that is not Debian's does what it can, and says what
// the rest takes.
func TestWithoutApt(t *testing.T) {
	root := small(t, map[string]string{
		"good": copied, "library": copied + "ARG RUN_PACKAGES=libnone1\nENV LD_PRELOAD=/usr/lib/libnone.so\n",
		"musl": onDebian + "RUN CC=musl-gcc true ${OUT}\n",
	})
	bin := t.TempDir()
	for _, tool := range []string{"go", "gcc", "sh", "cp"} {
		if path, err := exec.LookPath(tool); err == nil {
			if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("PATH", bin)
	e := newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: t.TempDir()})
	made, err := e.Prepare(t.Context(), []bench.Variant{
		{Name: "suite", Dockerfile: "Dockerfile.good", Suite: "sid"},
		{Name: "library", Dockerfile: "Dockerfile.library"},
		{Name: "musl", Dockerfile: "Dockerfile.musl"},
		{Name: "good", Dockerfile: "Dockerfile.good"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	hinted(t, made[0].Err, `variant suite: packages of sid: nothing here can fetch and unpack them: exec: "apt-get"`, "install apt and dpkg")
	hinted(t, made[1].Err, "LD_PRELOAD names /usr/lib/libnone.so", "install the Debian package libnone1; or: install apt and dpkg")
	hinted(t, made[2].Err, "there is no musl-gcc here", "install the Debian package musl-tools; or: install apt and dpkg")
	if made[3].Err != nil {
		t.Error(made[3].Err)
	}
}

// TestWithoutGcc: the advice is the compiler, and no list of packages.
func TestWithoutGcc(t *testing.T) {
	root := small(t, map[string]string{"c": "FROM scratch\nARG OUT\nARG BUILD_PACKAGES=\"gcc libjemalloc-dev\"\nRUN gcc -o ${OUT} x.c\n"})
	bin := t.TempDir()
	for _, tool := range []string{"go", "sh"} {
		path, err := exec.LookPath(tool)
		if err == nil {
			err = os.Symlink(path, filepath.Join(bin, tool))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	e := newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: t.TempDir()})
	made, err := e.Prepare(t.Context(), []bench.Variant{{Name: "c", Dockerfile: "Dockerfile.c"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	hinted(t, made[0].Err, "build c: step Dockerfile.c:4: RUN gcc", "there is no gcc on this machine")
}

// TestArguments: variants share a binary unless the build sees different arguments,
// and the binaries of one do not replace those of another.
func TestArguments(t *testing.T) {
	root := small(t, map[string]string{"args": "ARG SEEN=no\nFROM scratch\nARG SEEN\nARG OUT\nRUN cp /bin/true ${OUT} # ${SEEN}\n\nFROM scratch\nARG LATER\nENV LATER=${LATER}\n"})
	e := newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: t.TempDir()})
	variant := func(name string, args map[string]string) bench.Variant {
		return bench.Variant{Name: name, Dockerfile: "Dockerfile.args", Args: args}
	}
	images, err := engine.Images(e.Prepare(t.Context(), []bench.Variant{
		variant("plain", nil), variant("later", map[string]string{"LATER": "1"}), variant("seen", map[string]string{"SEEN": "1"}),
		variant("both", map[string]string{"SEEN": "1", "LATER": "1"}),
		{Name: "knob", Dockerfile: "Dockerfile.args", Env: map[string]string{"X": "1"}},
	}, nil))
	if err != nil {
		t.Fatal(err)
	}
	var binaries, hashes []string
	for _, i := range images {
		binaries, hashes = append(binaries, i.Name), append(hashes, i.Hash)
		if _, err := os.Stat(i.Name); err != nil {
			t.Error(err)
		}
	}
	if binaries[0] != binaries[1] || binaries[0] == binaries[2] || binaries[2] != binaries[3] || binaries[0] != binaries[4] {
		t.Errorf("binaries: %q", binaries)
	}
	if hashes[0] != hashes[4] || len(slices.Compact(slices.Sorted(slices.Values(hashes)))) != 4 {
		t.Errorf("hashes: %q", hashes)
	}
}
