// Package kernel says what Linux can do since which version. A feature is one
// value here, with what changed and where that is written, so that code, tests
// and documentation mean the same one.
//
// It reads nothing: whoever asks says which kernel is meant.
package kernel

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is that of a kernel. The zero value is one that nobody could read.
type Version struct{ Major, Minor int }

// Parse reads a release such as "6.18.44-amd64", which /proc/sys/kernel/osrelease
// and uname give. One without two numbers at its start gives the zero value.
func Parse(release string) Version {
	first, rest, _ := strings.Cut(release, ".")
	if end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		rest = rest[:end]
	}
	major, err := strconv.ParseUint(first, 10, 16)
	if err != nil {
		return Version{}
	}
	minor, err := strconv.ParseUint(rest, 10, 16)
	if err != nil {
		return Version{}
	}
	return Version{int(major), int(minor)}
}

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// before says whether v is older than w.
func (v Version) before(w Version) bool {
	return v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor
}

// Feature is something that the kernel tells, or does, since some version.
type Feature struct {
	Name  string
	Since Version
	// Option is what a build of the kernel can leave it out by, such as
	// "CONFIG_SWAP"; empty: every build has it.
	Option string
}

func (f Feature) String() string { return fmt.Sprintf("%s (Linux %v)", f.Name, f.Since) }

// On says whether a kernel of this version has it. One that nobody could read
// counts as a new one. Distributions carry features back: where a file itself can
// be asked, that is the better answer.
func (f Feature) On(v Version) bool { return v == Version{} || !v.before(f.Since) }
