package plan

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// standardInput are the names of the plan that is no file, the usual one first.
var standardInput = []string{"-", "/dev/stdin"}

// ReadInput reads a plan whose name says that it comes from standard input. It
// gives the usual name for that, and the text for Options.Input: nil where the
// name is that of a file. The error is a mistake, unless the context ended.
func ReadInput(ctx context.Context, name string, stdin *os.File) (usual string, input []byte, err error) {
	if !slices.Contains(standardInput, name) {
		return name, nil, nil
	}
	input, err = files.ReadStream(ctx, stdin, mostPlan)
	if err != nil {
		if ctx.Err() != nil {
			return name, nil, fmt.Errorf("the plan: %w", err)
		}
		return name, nil, hint.Mistake(fmt.Sprintf("the plan: %v", err), hint.Of(err))
	}
	return standardInput[0], input, nil // a plan's includes are beside it, and not in /dev
}
