package process_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/debian"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/process"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// mirror begins a test that takes packages from Debian.
func mirror(t *testing.T) {
	t.Helper()
	arch, err := debian.Arch(runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	_, err = debian.Open(t.Context(), debian.Request{Suite: "bookworm", Arch: arch, Dir: t.TempDir(), Log: func(string) {}})
	needs.Mirror(t, err)
}

const project = "../../../.."

// preload is a variant with a library in front of glibc's malloc.
func preload(name, suite, allocator, packages, library string) bench.Variant {
	return bench.Variant{
		Name: name, Suite: suite, Dockerfile: "orchestrator/internal/engine/process/testdata/preload.Dockerfile",
		Args: map[string]string{"ALLOCATOR": allocator, "RUN_PACKAGES": packages, "LIBRARY": library},
	}
}

// expected is what a variant is to say of itself. Versions are those from which a suite
// does not go back.
type expected struct {
	variant         bench.Variant
	allocator, libc string // glibc 2.36: beginning with it
	linkage         string
}

func everyVariant() []expected {
	lib := func(name string) string { return "/usr/$LIB/" + name }
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	scudo := "/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.scudo_standalone-" + machine + ".so"
	// One whose library may be too new for this machine's C library.
	newer := preload("jemalloc-of-sid", "", "jemalloc", "libjemalloc2", lib("libjemalloc.so.2"))
	newer.Args["RUN_BASE"] = "debian:sid-slim"
	all := []expected{
		{newer, "jemalloc 5.3", "glibc", "preloaded"},
		{bench.Variant{Name: "libc", Dockerfile: "Dockerfile.libc"}, "glibc", "glibc", "linked"},
		{bench.Variant{Name: "libc@trixie", Dockerfile: "Dockerfile.libc", Suite: "trixie"}, "glibc 2.41", "glibc 2.41", "linked"},
		{bench.Variant{Name: "libc@sid", Dockerfile: "Dockerfile.libc", Suite: "sid"}, "glibc", "glibc", "linked"},
		{bench.Variant{Name: "jemalloc", Dockerfile: "Dockerfile.jemalloc"}, "jemalloc 5.3.0", "glibc", "preloaded"},
		{bench.Variant{Name: "jemalloc@sid", Dockerfile: "Dockerfile.jemalloc", Suite: "sid"}, "jemalloc 5.3", "glibc", "preloaded"},
		{bench.Variant{Name: "jemalloc-linked", Dockerfile: "Dockerfile.jemalloc", Args: map[string]string{"LINK": "linked"}}, "jemalloc 5.3.0", "glibc", "linked"},
		{bench.Variant{Name: "jemalloc-linked@sid", Dockerfile: "Dockerfile.jemalloc", Suite: "sid", Args: map[string]string{"LINK": "linked"}}, "jemalloc 5.3", "glibc", "linked"},
		{bench.Variant{Name: "musl", Dockerfile: "Dockerfile.musl"}, "musl 1.2.3", "musl 1.2.3", "static"},
		{bench.Variant{Name: "musl@sid", Dockerfile: "Dockerfile.musl", Suite: "sid"}, "musl", "musl", "static"},
		{preload("mimalloc", "", "mimalloc", "libmimalloc2.0", lib("libmimalloc.so.2.0")), "mimalloc", "glibc", "preloaded"},
		{preload("mimalloc@bookworm", "bookworm", "mimalloc", "libmimalloc2.0", lib("libmimalloc.so.2.0")), "mimalloc", "glibc 2.36", "preloaded"},
		{preload("mimalloc@trixie", "trixie", "mimalloc", "libmimalloc3", lib("libmimalloc.so.3")), "mimalloc", "glibc 2.41", "preloaded"},
		{preload("mimalloc@sid", "sid", "mimalloc", "libmimalloc3", lib("libmimalloc.so.3")), "mimalloc", "glibc", "preloaded"},
		{preload("gperftools", "", "gperftools", "libtcmalloc-minimal4", lib("libtcmalloc_minimal.so.4")), "gperftools", "glibc", "preloaded"},
		{preload("gperftools@trixie", "trixie", "gperftools", "libtcmalloc-minimal4t64", lib("libtcmalloc_minimal.so.4")), "gperftools", "glibc 2.41", "preloaded"},
		{preload("tbbmalloc@bookworm", "bookworm", "tbbmalloc", "libtbbmalloc2", lib("libtbbmalloc_proxy.so.2")), "tbbmalloc", "glibc 2.36", "preloaded"},
		{preload("tbbmalloc@sid", "sid", "tbbmalloc", "libtbbmalloc2", lib("libtbbmalloc_proxy.so.2")), "tbbmalloc", "glibc", "preloaded"},
		{preload("rpmalloc@sid", "sid", "rpmalloc", "librpmalloc1", lib("librpmalloc.so.1")), "", "glibc", "preloaded"},
		{preload("scudo@trixie", "trixie", "scudo", "libclang-rt-19-dev", scudo), "scudo", "glibc 2.41", "preloaded"},
	}
	return all
}

// TestEveryVariant: each that Debian's packages make starts, answers, and runs what
// it should, on this machine without Docker, and nothing else of the machine's is
// in the memory maps of one that is on a suite.
func TestEveryVariant(t *testing.T) {
	needs.Patience(t, "unpacks packages of three suites")
	mirror(t)
	cache := t.TempDir()
	e := newEngine(t, process.Options{Root: project, StateRoot: enginetest.ShortDir(t), CacheDir: cache})
	all := everyVariant()
	var variants []bench.Variant
	for _, r := range all {
		variants = append(variants, r.variant)
	}
	made, err := e.Prepare(t.Context(), variants, func(p engine.Progress) { t.Log(p) })
	if err != nil {
		t.Fatal(err)
	}
	binaries := map[string]string{}
	for i, r := range all {
		t.Run(r.variant.Name, func(t *testing.T) {
			if made[i].Err != nil {
				t.Fatal(made[i].Err)
			}
			text, err := os.ReadFile(made[i].Name)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(text)
			if r.linkage != "static" && r.variant.Args["LINK"] == "" {
				binaries[hex.EncodeToString(sum[:])] = r.variant.Name
			}
			serves(t, e, made[i].Image, r)
		})
	}
	if len(binaries) != 1 {
		t.Errorf("the binary is not the same file for all that preload or use glibc: %v", binaries)
	}
	again, err := e.Prepare(t.Context(), variants, func(p engine.Progress) {
		if p.Event != engine.Reused && p.Event != engine.Log {
			t.Errorf("made again: %+v", p)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range again {
		if m.Image != made[i].Image {
			t.Errorf("%+v, was %+v", m, made[i])
		}
	}
	if cleared, err := e.Clean(t.Context(), true); err != nil || len(cleared.Removed) != 1 {
		t.Errorf("Clean = %+v, %v; want the cache", cleared, err)
	}
}

// serves starts a variant and asks it what it runs.
func serves(t *testing.T, e engine.Engine, image engine.Image, want expected) {
	in, err := e.Start(t.Context(), engine.Spec{Image: image, RunID: "suites", Env: map[string]string{"WORKERS": "2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Remove(t.Context())
	var got struct {
		Name, Version, File, Linkage, Libc string
		LibcVersion                        string `json:"libc_version"`
	}
	client := http.Client{Timeout: 5 * time.Second}
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		answer, err := client.Get("http://" + in.Address() + "/allocator")
		if err == nil {
			err = json.NewDecoder(answer.Body).Decode(&got)
			answer.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if time.Since(began) > 20*time.Second {
			lines, _ := in.Logs(t.Context(), 20)
			t.Fatalf("%v; its log: %q", err, lines)
		}
	}
	if !strings.HasPrefix(got.Name+" "+got.Version, want.allocator) || !strings.HasPrefix(got.Libc+" "+got.LibcVersion, want.libc) || got.Linkage != want.linkage {
		t.Errorf("runs %+v; want %+v", got, want)
	}
	t.Logf("%+v", got)
	processes, err := in.Processes(t.Context())
	if err != nil || len(processes) != 1 {
		t.Fatalf("processes: %v, %v", processes, err)
	}
	files, err := meter.Host.Maps(processes[0])
	if err != nil {
		t.Fatal(err)
	}
	program := false
	for _, f := range files {
		program = program || f.Path == image.Name && f.Executable
		if want.variant.Suite != "" && !strings.HasPrefix(f.Path, filepath.Dir(image.Name)+"/") {
			t.Errorf("it is on %s, and has %s of this machine in its memory maps", want.variant.Suite, f.Path)
		}
	}
	if !program {
		t.Errorf("%s is not in its memory maps: %v", image.Name, files)
	}
}
