package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/flags"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// shells are those that completion knows, each with what makes its script.
var shells = []struct {
	name  string
	write func(*cobra.Command, io.Writer) error
}{
	{"bash", bashCompletion},
	{"zsh", (*cobra.Command).GenZshCompletion},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", (*cobra.Command).GenPowerShellCompletionWithDesc},
}

// bashCompletion writes the script for bash, fit for variants and lists: bash takes a
// word apart at an @, and would complete what follows it alone; and the script quotes
// commas before it looks for what was typed, which has none quoted.
func bashCompletion(root *cobra.Command, w io.Writer) error {
	var script bytes.Buffer
	if err := root.GenBashCompletionV2(&script, true); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "COMP_WORDBREAKS=${COMP_WORDBREAKS//@/}\n%s", bytes.ReplaceAll(script.Bytes(), []byte(`"%q`), []byte(`"%s`)))
	return err
}

func shellNames() []string {
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	return names
}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Prints a script that has a shell complete commands, flags, variants, tags and results",
		Long: `Prints a script that has a shell (` + words.Choice(shellNames()) + `) complete commands, flags and
their values: variants with their suites and knobs, lists, tags, results. It is for
a program that was built, under the name that it has:

  go build -o lab ./orchestrator
  source <(./lab completion bash)      bash, in this session; it takes the package bash-completion
  source <(./lab completion zsh)       zsh, in this session, after compinit
  ./lab completion fish | source       fish, in this session

Written into a file that the shell reads when it starts, it is there for good.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shellNames(), args[0]) {
				return hint.Mistake("completion takes the name of a shell", "it must be "+words.Choice(shellNames()))
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions(shellNames(), cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			root.Use = filepath.Base(os.Args[0]) // the command that the shell is to complete
			for _, s := range shells {
				if s.name == args[0] {
					return s.write(root, a.stdout)
				}
			}
			return fmt.Errorf("there is no shell %q", args[0])
		},
	}
}

// complete has a shell complete the values of all commands: of a flag that has a
// choice, that; of one that names files, those; and of any other nothing, for the
// names of files are none of its values.
func complete(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		if cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = argumentsOf(cmd.Name())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			_, f.Usage = pflag.UnquoteUsage(f)
			flags.Often(f) // a command line is read more than once to complete it
			// The only error is of a flag that has one already.
			_ = cmd.RegisterFlagCompletionFunc(f.Name, valuesOf(cmd.Name(), f.Name))
		})
	}
}

// argumentsOf completes what stands behind a command.
func argumentsOf(command string) cobra.CompletionFunc {
	switch command {
	case "variants":
		return completeVariants
	case "report":
		return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeResults(cmd, args, typed)
		}
	}
	return cobra.NoFileCompletions
}

// valuesOf completes the value of a command's flag.
func valuesOf(command, flag string) cobra.CompletionFunc {
	choice := func(values ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
	}
	endings := func(list ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(list, cobra.ShellCompDirectiveFilterFileExt)
	}
	if command == "drill" && slices.Contains([]string{"report", "compare"}, flag) {
		return nil // any file
	}
	switch flag {
	case "engine":
		return choice(engineNames...)
	case "mode":
		return choice(bench.Together, bench.Apart)
	case "preset":
		return choice(design.PresetNames()...)
	case "threads":
		return choice(bench.Hop, bench.Stick)
	case "transport":
		return choice(bench.Unix, bench.TCP)
	case "format":
		if command == "doctor" {
			return choice(doctorFormats...)
		}
		return choice(formatNames()...)
	case "sort":
		return choice(report.Orders()...)
	case "stats-format":
		return choice("text", formatJSON)
	case "progress":
		return choice(console.ProgressModes()...)
	case "benchmark":
		return endings("yml", "yaml")
	case "readme":
		return endings("md")
	case "html":
		return endings("html")
	case "out":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case "variant", "baseline":
		return completeVariants
	case "variants":
		return completeLists
	case "tags", "skip-tags":
		return completeTags
	case "allow":
		return completeAllowed
	case "resume", "check":
		if command == "compare" {
			return completeResults
		}
	}
	return cobra.NoFileCompletions
}

// beginning gives those of the values that begin with what was typed.
func beginning(values []cobra.Completion, typed string) []cobra.Completion {
	return slices.DeleteFunc(values, func(v string) bool { return !strings.HasPrefix(v, typed) })
}
