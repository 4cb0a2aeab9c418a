package docker

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/filters"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// Every object that this project makes carries labels with this prefix; what
// has none is never touched.
const prefix = "stair-stepper."

// The labels that the engine itself reads.
const (
	labelHash      = prefix + "hash"        // image: of everything that went into it
	labelVariant   = prefix + "variant"     // image, container
	labelAllocator = variant.AllocatorLabel // image, container: what is promised
	labelStage     = prefix + "stage"       // image: a stage of a build, kept for the next build; in no Dockerfile
	labelBase      = prefix + "base"        // image: the public image that it stands in for
	labelPackages  = prefix + "packages"    // base image: the Debian packages that were asked for
	labelGo        = prefix + "go"          // base image: the Go toolchain in it
	labelRecipe    = prefix + "recipe"      // base image: how this package made it
	labelRun       = prefix + "run"         // container
	labelOwner     = prefix + "owner"       // container, marker: a runs.Owner
	labelKept      = prefix + "kept"        // container: why it is to outlive its owner
	labelMade      = prefix + "made"        // container, marker: when
	labelMarker    = prefix + "marker"      // volume: that a run is at work
)

// ours selects objects that carry a label.
func ours(label string, more ...filters.KeyValuePair) filters.Args {
	return filters.NewArgs(append(more, filters.Arg("label", label))...)
}

// belonging reads whose something is.
func belonging(labels map[string]string) runs.Belonging {
	b := runs.Belonging{Owner: labels[labelOwner], Run: labels[labelRun]}
	if made, err := time.Parse(time.RFC3339, labels[labelMade]); err == nil {
		b.Made = made
	}
	return b
}

// keptOn says that a container was left on purpose: the wish is in its labels,
// that the run came to its end in its folder.
func keptOn(labels map[string]string, dir string) bool {
	return labels[labelKept] != "" && runs.Kept(filepath.Dir(dir))
}

// sorted writes a map as NAME=value lines.
func sorted(m map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%s=%s\n", k, m[k])
	}
	return b.String()
}
