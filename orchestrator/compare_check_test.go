package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/gate"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

func TestGateFlags(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old")
	other := filepath.Join(t.TempDir(), "other")
	file := filepath.Join(old, "experiment.json")
	if err := errors.Join(os.Mkdir(old, 0o755), os.Mkdir(other, 0o755), os.WriteFile(file, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	check := func(c compareFlags, want string, given ...string) {
		t.Helper()
		c.onLine = design.Given{}
		for _, name := range given {
			c.onLine[name] = true
		}
		got := ""
		if err := c.gate.check(&c); err != nil {
			got = err.Error()
			if !hint.IsMistake(err) || hint.Of(err) == "" {
				t.Errorf("%q is no mistake with a hint", got)
			}
		}
		if got != want {
			t.Errorf("%+v: %q; want %q", c.gate, got, want)
		}
	}
	check(compareFlags{}, "")
	check(compareFlags{gate: gateFlags{allow: []string{"peak=5%"}}}, "") // of the benchmark file
	check(compareFlags{gate: gateFlags{old: old, allow: []string{"peak=5%"}, anyway: true}}, "", "check", "allow", "anyway")
	check(compareFlags{}, "--check names nothing", "check")
	check(compareFlags{gate: gateFlags{allow: []string{"peak=5%"}}}, "--allow needs --check", "allow")
	check(compareFlags{gate: gateFlags{allow: []string{"rss=5%"}}}, `--allow "rss=5%": unknown figure "rss"`)
	check(compareFlags{gate: gateFlags{anyway: true}}, "--anyway needs --check")
	check(compareFlags{gate: gateFlags{old: old}, keep: true}, "--check and --keep do not go together")
	const same = "--check and --resume name the same result"
	check(compareFlags{gate: gateFlags{old: old}, resume: old + "/"}, same)
	check(compareFlags{gate: gateFlags{old: file}, resume: old}, same)
	check(compareFlags{gate: gateFlags{old: old}, resume: other}, "")
}

func TestRefuse(t *testing.T) {
	check := func(differ []gate.Difference, want, advice string) {
		t.Helper()
		err := refuse("--check: no", differ)
		if err == nil {
			if want != "" {
				t.Errorf("%v is not refused", differ)
			}
			return
		}
		if err.Error() != want || hint.Of(err) != advice {
			t.Errorf("%v: %q, hint %q; want %q, %q", differ, err, hint.Of(err), want, advice)
		}
	}
	check(nil, "", "")
	check([]gate.Difference{{What: "sleep was 1s and is now 2s", Flag: "--sleep 1s"}, {What: "idle was 1s and is now 2s", Flag: "--idle 1s"}},
		"--check: no: sleep was 1s and is now 2s; idle was 1s and is now 2s", "add --sleep 1s --idle 1s, or hold them against each other all the same with --anyway")
	check([]gate.Difference{{What: "sleep was 1s and is now 2s", Flag: "--sleep 1s"}, {What: "rampup was 0 and is now 1"}},
		"--check: no: sleep was 1s and is now 2s; rampup was 0 and is now 1", "make it the same, or hold them against each other all the same with --anyway")
}

// TestCreateBeside finds a free name for the folder of fresh rounds.
func TestCreateBeside(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	for _, want := range []string{dir + "-again", dir + "-again-2", dir + "-again-3"} {
		saved, err := createBeside(dir + "/")
		if err != nil {
			t.Fatal(err)
		}
		if saved.Dir != want {
			t.Errorf("%s, want %s", saved.Dir, want)
		}
		if err := saved.Leave(); err != nil {
			t.Error(err)
		}
	}
}

// TestUnfit has a result that is not valid tell nothing, and a failure stay one.
func TestUnfit(t *testing.T) {
	check := func(failed error, code int, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		a := &app{stdout: &out, stderr: &errs}
		err := a.judge(t.Context(), &job{}, nil, failed)
		if got, _ := knownExit(err); got != code || code == 0 && !errors.Is(err, failed) {
			t.Errorf("%v: exit code %d, %v; want %d", failed, got, err, code)
		}
		if diff := cmp.Diff(stderr, errs.String()); diff != "" || out.Len() > 0 {
			t.Errorf("%v: (-want +got)\n%s%s", failed, diff, &out)
		}
	}
	check(&unfit{errors.New("variant libc died in batch 1")}, exitUnclear, "orchestrator: variant libc died in batch 1\ncheck: cannot tell: the result is not valid\n")
	check(&unfit{hint.With(errors.New("no round counts"), "keep other work off the machine")}, exitUnclear,
		"orchestrator: no round counts\nhint: keep other work off the machine\ncheck: cannot tell: the result is not valid\n")
	check(errors.New("the daemon is gone"), 0, "")
	check(&exitError{exitInterrupted}, exitInterrupted, "")
}

// TestPrintGate prints behind a report for people, and beside one for programs.
func TestPrintGate(t *testing.T) {
	check := func(format, stdout, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		a := &app{stdout: &out, stderr: &errs}
		if err := a.printGate(format, []string{"check: cannot tell", "why"}); err != nil || out.String() != stdout || errs.String() != stderr {
			t.Errorf("%s: %v, %q, %q; want %q, %q", format, err, &out, &errs, stdout, stderr)
		}
	}
	check("text", "\ncheck: cannot tell\nwhy\n", "")
	check("markdown", "\n```text\ncheck: cannot tell\nwhy\n```\n", "")
	check("csv", "", "check: cannot tell\nwhy\n")
	check("json", "", "check: cannot tell\nwhy\n")
}
