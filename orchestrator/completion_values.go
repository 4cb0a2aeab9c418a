package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/gate"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// These read the project's files and nothing else. Of what cannot be read nothing is
// said: a shell has no place for it, and the command itself says it better.

// completeVariants completes [NAME=]SOURCE[@SUITE][,VARIABLE=VALUE]...: what there
// is, then the suites that have it, then the variables of its allocator's knobs.
func completeVariants(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const goOn = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	found, err := variant.Find(".", "libc")
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	name, spec := "", typed
	if before, after, ok := strings.Cut(typed, "="); ok && !strings.Contains(before, ",") {
		name, spec = before+"=", after
	}
	origins, err := found.Origins()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	source, _, settings := strings.Cut(spec, ",")
	if settings {
		kept := typed[:strings.LastIndex(typed, ",")+1]
		return beginning(knobsOf(origins, source, kept), typed), goOn
	}
	var all []cobra.Completion
	for _, o := range origins {
		if !strings.Contains(spec, "@") {
			all = append(all, cobra.CompletionWithDesc(name+o.Name, o.Allocator))
			continue
		}
		for _, suite := range variant.Suites() {
			if version, ok := o.Versions[suite]; ok {
				all = append(all, cobra.CompletionWithDesc(name+o.Name+"@"+suite, strings.TrimSpace(o.Allocator+" "+version)))
			}
		}
	}
	for _, list := range found.Lists() {
		for _, v := range list.Own {
			all = append(all, cobra.CompletionWithDesc(name+v.Name, "a "+v.Of+" of the list "+list.Name))
		}
	}
	return beginning(all, typed), goOn
}

// knobsOf lists the variables of a source's allocator, behind what is kept.
func knobsOf(origins []variant.Origin, source, kept string) []cobra.Completion {
	source, _, _ = strings.Cut(source, "@")
	at := slices.IndexFunc(origins, func(o variant.Origin) bool { return o.Name == source })
	if at < 0 {
		return nil
	}
	var all []cobra.Completion
	seen := map[string]bool{}
	for _, k := range variant.Knobs(origins[at].Allocator) {
		if seen[k.Env] || strings.Contains(","+kept, ","+k.Env+"=") {
			continue
		}
		seen[k.Env] = true
		does := k.Does
		if k.Key != "" {
			does = "options of " + origins[at].Allocator
		}
		all = append(all, cobra.CompletionWithDesc(kept+k.Env+"=", does))
	}
	return all
}

// completeLists completes the names of lists, and else files.
func completeLists(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	found, err := variant.Find(".", "libc")
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return beginning(found.ListNames(), typed), cobra.ShellCompDirectiveDefault
}

// completeTags completes the last of several tags of the benchmark file.
func completeTags(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const goOn = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	file := cmp.Or(cmd.Flag("benchmark").Value.String(), "benchmark.yml")
	if file == "-" {
		return nil, goOn // it is for the command itself to read
	}
	listed, err := plan.List(file, plan.Options{Env: environ(), NoExec: true})
	if err != nil {
		return nil, goOn
	}
	kept := typed[:strings.LastIndex(typed, ",")+1]
	taken := plan.ParseTags(kept)
	var all []cobra.Completion
	for _, tag := range listed.Tags {
		if !slices.Contains(taken, tag) {
			all = append(all, kept+tag)
		}
	}
	return beginning(all, typed), goOn
}

// completeAllowed completes the figures of --allow.
func completeAllowed(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	kept := typed[:strings.LastIndex(typed, ",")+1]
	var all []cobra.Completion
	for _, figure := range gate.Figures() {
		all = append(all, kept+figure+"=+")
	}
	return beginning(all, typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeResults completes the folders of results, the newest first, and else any
// folder.
func completeResults(_ *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	entries, err := os.ReadDir("results")
	if err != nil {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	var all []cobra.Completion
	for _, e := range slices.Backward(entries) {
		if path := filepath.Join("results", e.Name()); e.IsDir() && !slices.Contains(args, path) {
			all = append(all, path)
		}
	}
	if all = beginning(all, typed); len(all) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
