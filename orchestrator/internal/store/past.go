package store

import (
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Bounds of Past.
const (
	mostPast    = 20        // results that are looked at
	largestPast = 256 << 20 // bytes of one
)

// Past gives the experiments that are saved below a folder, by their folders, the
// newest first, but no more than a few. One that cannot be read is passed over.
func Past(folder string) iter.Seq2[string, *bench.Experiment] {
	return func(yield func(string, *bench.Experiment) bool) {
		names, err := filepath.Glob(filepath.Join(folder, "*", ExperimentFile))
		if err != nil {
			return
		}
		slices.Sort(names) // folders are named by their time
		slices.Reverse(names)
		for _, name := range names[:min(len(names), mostPast)] {
			if info, err := os.Stat(name); err != nil || info.Size() > largestPast {
				continue
			}
			if exp, err := Load(name); err == nil && !yield(filepath.Dir(name), exp) {
				return
			}
		}
	}
}
