package docker

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

const root = "../../../.."

// preload is the Dockerfile that preloaded allocators share.
const preload = "variants/preload.Dockerfile"

// TestSharedLines: the Dockerfiles of the project begin alike up to the source,
// or every variant would compile the standard library again.
func TestSharedLines(t *testing.T) {
	var first string
	for _, name := range []string{"Dockerfile.libc", "Dockerfile.jemalloc", "Dockerfile.musl", preload} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "\nFROM ")
		shared, _, found := strings.Cut(rest, "\nCOPY . .\n")
		if !found {
			t.Fatalf("%s has no COPY . .", name)
		}
		if first == "" {
			first = shared
		}
		if diff := cmp.Diff(first, shared); diff != "" {
			t.Errorf("%s does not begin as Dockerfile.libc (-libc +%s):\n%s", name, name, diff)
		}
	}
}

// TestPromises: what the Dockerfiles of the project say is inside.
func TestPromises(t *testing.T) {
	check := func(name, allocator, linkage, preload string, args map[string]string) {
		t.Helper()
		d, err := dockerfile.Read(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		v := d.Walk(len(d.Stages)-1, args, nil)
		got := []string{v.Labels[labelAllocator], v.Labels[prefix+"linkage"], v.Env["LD_PRELOAD"]}
		if want := []string{allocator, linkage, preload}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	check("Dockerfile.libc", "glibc", "libc", "", nil)
	check("Dockerfile.jemalloc", "jemalloc", "preloaded", "/usr/$LIB/libjemalloc.so.2", nil)
	check("Dockerfile.jemalloc", "jemalloc", "linked", "", map[string]string{"LINK": "linked"})
	check("Dockerfile.musl", "musl", "static", "", nil)
	for _, allocator := range variant.Packaged() {
		for _, r := range variant.Releases(allocator) {
			check(preload, allocator, "preloaded", r.Library, r.Args(allocator))
		}
	}
}

func TestStandIn(t *testing.T) {
	check := func(public, image, suite string) {
		t.Helper()
		s, err := newStandIn(t.Context(), public, []string{"libmimalloc-dev"})
		if err != nil {
			t.Errorf("%s: %v", public, err)
			return
		}
		if s.image != image || s.suite != suite || !slices.Contains(s.packages, "libmimalloc-dev") {
			t.Errorf("%s: %+v; want %s of %s with libmimalloc-dev", public, s, image, suite)
		}
		if !s.fits(s.labels()) {
			t.Errorf("%s does not fit itself", public)
		}
		other := s.labels()
		other[labelRecipe] = "another"
		if s.fits(other) {
			t.Errorf("%s fits what another recipe made", public)
		}
		older := s.labels()
		s.add("more")
		if s.fits(older) {
			t.Errorf("%s fits without a package", public)
		}
	}
	version := strings.Join(strings.Split(strings.TrimPrefix(runtime.Version(), "go"), ".")[:2], ".")
	check("debian:bookworm-slim", "stair-stepper/debian:bookworm-slim", "bookworm")
	check("docker.io/library/debian:trixie", "stair-stepper/debian:trixie", "trixie")
	check("golang:"+version+"-bookworm", "stair-stepper/golang:"+version+"-bookworm", "bookworm")

	check("debian:bookworm-slim@sha256:"+strings.Repeat("0", 64), "stair-stepper/debian:bookworm-slim", "bookworm")

	if _, err := newStandIn(t.Context(), "alpine:3", nil); err == nil {
		t.Error("alpine: no error")
	}
	_, err := newStandIn(t.Context(), "golang:1.2-bookworm", nil)
	var h *hint.Error
	if !errors.As(err, &h) {
		t.Errorf("another Go: %v; want one with advice", err)
	}
}

// What the project's Dockerfiles start from is the same next year.
func TestPinned(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..")
	names, err := filepath.Glob(filepath.Join(root, "Dockerfile.*"))
	if err != nil || len(names) < 3 {
		t.Fatal(names, err)
	}
	names = append(names, filepath.Join(root, preload))
	bases := map[string]bool{} // by name without digest: seen with one
	for _, name := range names {
		d, err := dockerfile.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range d.Bases() {
			plain, digest, _ := strings.Cut(b.Image, "@")
			if len(digest) != len("sha256:")+64 || b.Arg == "" {
				t.Errorf("%s: %s is not pinned, or not in an ARG", name, b.Image)
			}
			bases[plain], bases[b.Image] = true, true
		}
	}
	if len(bases) != 4 {
		t.Errorf("the Dockerfiles do not share their bases: %v", bases)
	}
}

// TestMerge: packages that still know /bin and /lib as folders of their own end
// up under /usr, what two packages bring is there once, and manuals are not.
func TestMerge(t *testing.T) {
	var in bytes.Buffer
	w := tar.NewWriter(&in)
	add := func(h tar.Header, content string) {
		h.Size = int64(len(content))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, content)
	}
	add(tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755}, "")
	add(tar.Header{Name: "./bin/", Typeflag: tar.TypeDir, Mode: 0o755}, "")
	add(tar.Header{Name: "./bin/dash", Typeflag: tar.TypeReg, Mode: 0o755}, "shell")
	add(tar.Header{Name: "./bin/hard", Typeflag: tar.TypeLink, Linkname: "./bin/dash"}, "")
	add(tar.Header{Name: "./usr/share/man/man1/dash.1", Typeflag: tar.TypeReg}, "manual")
	add(tar.Header{Name: "./usr/share/ca-certificates/m/a.crt", Typeflag: tar.TypeReg}, "certificate\n")
	add(tar.Header{Name: "./bin/dash", Typeflag: tar.TypeReg}, "again")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r := &rootfs{tar: tar.NewWriter(&out), seen: map[string]bool{}}
	if err := r.copy(tar.NewReader(&in)); err != nil {
		t.Fatal(err)
	}
	if err := r.tar.Close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for tr := tar.NewReader(&out); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join([]string{h.Name, h.Linkname, string(content)}, " "))
	}
	want := []string{"usr/bin  ", "usr/bin/dash  shell", "usr/bin/hard usr/bin/dash ", "usr/share/ca-certificates/m/a.crt  certificate\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r.certs.String() != "certificate\n" {
		t.Errorf("certificates %q", r.certs.String())
	}
}
