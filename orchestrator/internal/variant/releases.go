package variant

import (
	"runtime"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
)

// Release is what a Debian suite has of an allocator.
type Release struct {
	Suite   string
	Version string // of the allocator, as it was when AsOf says
	// Packages are those that bring it, with spaces between.
	Packages string
	// Library is the file to preload, as the dynamic loader takes it: it puts
	// what is right for the machine in the place of $LIB. Empty: it is preloaded
	// by no file.
	Library string
}

// AsOf is when the versions of releases were those that Debian had. What runs is
// proved in any case.
const AsOf = "November 2026"

// Suites lists the Debian suites that variants run on, the oldest first.
func Suites() []string { return []string{"bookworm", "trixie", "sid"} }

// Releases lists what Debian has of an allocator, the oldest suite first.
func Releases(allocator string) []Release {
	if a := byName(allocator); a != nil {
		return slices.Clone(a.releases)
	}
	return nil
}

// ReleaseIn gives what a suite has of an allocator.
func ReleaseIn(allocator, suite string) (Release, bool) {
	for _, r := range Releases(allocator) {
		if r.Suite == suite {
			return r, true
		}
	}
	return Release{}, false
}

// Args are the build arguments of the Dockerfile that preloaded allocators share.
func (r Release) Args(allocator string) map[string]string {
	return map[string]string{allocatorArg: allocator, dockerfile.RunPackages: r.Packages, libraryArg: r.Library}
}

// SmallPackages lists what brings all allocators of a suite that are a small
// download: their libraries are where every library is, and not among what a
// compiler brings.
func SmallPackages(suite string) []string {
	var packages []string
	for _, name := range Packaged() {
		if r, ok := ReleaseIn(name, suite); ok && strings.HasPrefix(r.Library, "/usr/$LIB/") {
			packages = append(packages, strings.Fields(r.Packages)...)
		}
	}
	return packages
}

// Packaged lists the allocators that Debian has as a library to preload, by name.
func Packaged() []string {
	var names []string
	for _, a := range allocators {
		if a.preloads() {
			names = append(names, a.name)
		}
	}
	slices.Sort(names)
	return names
}

// preloads says that Debian has it as a library to preload.
func (a *allocator) preloads() bool { return len(a.releases) > 0 && a.releases[0].Library != "" }

func byName(name string) *allocator {
	i := slices.IndexFunc(allocators, func(a allocator) bool { return a.name == name })
	if i < 0 {
		return nil
	}
	return &allocators[i]
}

// everywhere is a release that differs between suites in its version alone.
func everywhere(packages, library string) Release {
	return Release{Packages: packages, Library: library}
}

// in puts a release into the suites, the oldest first, with a version in each.
func in(r Release, versions ...string) []Release {
	var all []Release
	for i, suite := range Suites() {
		r.Suite, r.Version = suite, versions[i]
		all = append(all, r)
	}
	return all
}

// scudo is where the library of a version of clang is.
func scudo(version string) string {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "386": "i386"}[runtime.GOARCH]
	return strings.NewReplacer("VERSION", version, "ARCH", arch).Replace("/usr/lib/llvm-VERSION/lib/clang/VERSION/lib/linux/libclang_rt.scudo_standalone-ARCH.so")
}
