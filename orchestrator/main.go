// Orchestrator compares memory allocators under a real load.
//
// Usage:
//
//	go run ./orchestrator compare                  the main job: build, prove, load, measure, print
//	go run ./orchestrator compare --preset quick   a first look within two minutes
//	go run ./orchestrator compare --serve          the same, shown as a page while it goes on
//	go run ./orchestrator compare --dry-run        what compare would do
//	go run ./orchestrator drill -b FILE -s         runs any plan of the load tester drill
//	go run ./orchestrator variants                 what there is to compare
//	go run ./orchestrator variants --check         builds and proves all of it, without a load
//	go run ./orchestrator report DIR               a saved experiment, printed again
//	go run ./orchestrator doctor                   what this machine can do and what it cannot
//	go run ./orchestrator clean                    removes all containers and images it made
//
// Compare makes an image of every variant that is asked for, or of every
// Dockerfile.NAME, runs one container of each at the same time, sends all of them
// the identical plan (benchmark.yml, in the language of the load tester drill),
// samples their memory from outside and prints a row per variant. Its settings
// stand under the key lab of the benchmark file; flags override them.
//
// Drill sends a plan to where its URLs say, with drill's options and output.
//
// The report goes to standard output, progress and warnings to standard error.
// Exit codes: 0 done, 1 failed, 2 a mistake in the command line or the plan, 3 a
// gate tripped (of drill, or of compare --check), 4 compare --check cannot tell,
// 130 interrupted (what was measured is printed and saved first).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitGate        = 3
	exitUnclear     = 4
	exitInterrupted = 130
)

func main() {
	os.Exit(run(untilSignalled(), os.Args[1:], &outlet{File: os.Stdout}, &outlet{File: os.Stderr}))
}

// app is what the commands share.
type app struct {
	stdout, stderr io.Writer
	args           []string // the command line, for the record
}

// environ is the environment as plans see it.
func environ() vars.Env { return vars.Environ(os.Environ()) }

// run carries out a command line and gives the exit code. It alone prints
// errors.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr, args: args}
	root := &cobra.Command{
		Use:           "orchestrator",
		Short:         "Compares memory allocators under a real load",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(a.compareCommand(), a.drillCommand(), a.variantsCommand(), a.reportCommand(), a.cleanCommand(), a.doctorCommand(), a.completionCommand())
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) { // with or without descriptions
		complete(root)
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &hint.Error{Mistake: true, Err: err, Advice: "see: go run ./orchestrator " + strings.TrimPrefix(cmd.CommandPath(), "orchestrator ") + " --help"}
	})
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = lost(stdout)
	}
	return a.exitCode(ctx, err)
}

// exitCode prints what a command ends with and gives the code for it.
func (a *app) exitCode(ctx context.Context, err error) int {
	if err == nil {
		return exitDone
	}
	if code, ok := knownExit(err); ok {
		return code
	}
	a.printError(err)
	switch {
	case hint.IsMistake(err):
		return exitUsage
	case ctx.Err() != nil:
		return exitInterrupted
	default:
		return exitFailed
	}
}

// printError prints an error and, where one knows it, what to do about it.
func (a *app) printError(err error) {
	a.say("orchestrator: %v", err)
	if advice := hint.Of(err); advice != "" {
		a.say("hint: %s", advice)
	}
}

// say prints lines to standard error. They may quote anything: the answer of an
// engine, a file's name, a value of a plan.
func (a *app) say(format string, args ...any) {
	fmt.Fprintln(a.stderr, plain.Text(fmt.Sprintf(format, args...)))
}

// exitError ends the program with a code whose reason has been printed already.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func knownExit(err error) (int, bool) {
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code, true
	}
	return 0, false
}

// noArgs refuses arguments, as a command that has none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return hint.Mistake(fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath()), "")
	}
	return nil
}
