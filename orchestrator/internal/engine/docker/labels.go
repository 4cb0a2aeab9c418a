package docker

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/filters"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
)

// Every object that this project makes carries labels with this prefix; what
// has none is never touched.
const prefix = "stair-stepper."

// The labels that the engine itself reads.
const (
	labelHash      = prefix + "hash"      // image: of everything that went into it
	labelVariant   = prefix + "variant"   // image, container
	labelAllocator = prefix + "allocator" // image, container: what is promised
	labelStage     = prefix + "stage"     // image: a stage of a build, kept for the next build; in no Dockerfile
	labelBase      = prefix + "base"      // image: the public image that it stands in for
	labelPackages  = prefix + "packages"  // base image: the Debian packages that were asked for
	labelGo        = prefix + "go"        // base image: the Go toolchain in it
	labelRecipe    = prefix + "recipe"    // base image: how this package made it
	labelRun       = prefix + "run"       // container
	labelOwner     = prefix + "owner"     // container: host, boot, pid and its start
	labelKept      = prefix + "kept"      // container: why it is to outlive its owner
	labelMade      = prefix + "made"      // container: when
)

// ours selects objects that carry a label.
func ours(label string, more ...filters.KeyValuePair) filters.Args {
	return filters.NewArgs(append(more, filters.Arg("label", label))...)
}

// leftover says that a container's owner is dead and did not keep it: the wish
// is in the container's labels, that the run came to its end in its folder.
func leftover(labels map[string]string, dir string) bool {
	if labels[labelKept] != "" && engine.Kept(filepath.Dir(dir)) {
		return false
	}
	owner, err := engine.ParseOwner(labels[labelOwner])
	// An owner that cannot be read was written by another version: its
	// container is left to clean.
	return err == nil && owner.Dead()
}

// alive says that a container's owner is, as far as can be told, still there.
func alive(labels map[string]string) bool {
	owner, err := engine.ParseOwner(labels[labelOwner])
	return err == nil && !owner.Dead()
}

// sorted writes a map as NAME=value lines.
func sorted(m map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%s=%s\n", k, m[k])
	}
	return b.String()
}
