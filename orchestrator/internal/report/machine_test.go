package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// textOf gives the texts of the notes of a code, a line each.
func textOf(r *Report, code string) string {
	var texts []string
	for _, n := range r.Notes {
		if n.Code == code {
			texts = append(texts, n.Text)
		}
	}
	return strings.Join(texts, "\n")
}

func TestMachineNotes(t *testing.T) {
	check := func(code string, spoil func(m *bench.Machine), want string) {
		t.Helper()
		exp := experiment(7)
		je := trialOf(exp, "jemalloc", 3)
		spoil(je.Batches[1].Machine)
		r := Summarize(exp)
		if diff := cmp.Diff(want, textOf(r, code)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", code, diff)
		}
		for _, key := range columnsOf(r.Rows[1], code) {
			if key != ColCPU && key != ColP50 && key != ColP99 {
				t.Errorf("%s stands at %s", code, key)
			}
		}
	}
	others := func(percent time.Duration) func(m *bench.Machine) {
		return func(m *bench.Machine) { m.Others = m.Elapsed * 2 * percent / 100 }
	}
	check(CodeBusyMachine, others(10), "")
	check(CodeBusyMachine, others(14), "other processes took part of the machine: 14 % while jemalloc ran (round 3, batch 2)")
	check(CodeStolen, func(m *bench.Machine) { m.Stolen = m.Elapsed * 4 / 100 }, "")
	check(CodeStolen, func(m *bench.Machine) { m.Stolen = m.Elapsed * 10 / 100 },
		"the hypervisor gave part of the machine to others: 5.0 % while jemalloc ran (round 3, batch 2)")
	check(CodeJumped, func(m *bench.Machine) { m.Jumped = 400 * time.Millisecond }, "")
	check(CodeJumped, func(m *bench.Machine) { m.Jumped = -2 * time.Second }, "the machine's clock was changed: by 2 s while jemalloc ran (round 3, batch 2)")
	check(CodeSlept, func(m *bench.Machine) { m.Slept = 90 * time.Second }, "the machine was suspended: 1 min 30 s while jemalloc ran (round 3, batch 2)")

	exp := experiment(7)
	for round := range 3 {
		for i := range 2 {
			others(time.Duration(15 + round + i))(trialOf(exp, "libc", round+1).Batches[i].Machine)
		}
	}
	const want = "other processes took part of the machine: 18 % while libc ran (round 3, batch 2; the worst of 6 batches)"
	if got := textOf(Summarize(exp), CodeBusyMachine); got != want {
		t.Errorf("%s; want %s", got, want)
	}
	for i := range exp.Trials {
		for j := range exp.Trials[i].Batches {
			exp.Trials[i].Batches[j].Machine = nil
		}
	}
	if got := string(render(t, text(TextOptions{}), exp)); strings.Contains(got, "others at most") {
		t.Errorf("what was not read is told:\n%s", got)
	}
}

// columnsOf lists the columns in which a row has a note of the code.
func columnsOf(row *Row, code string) []string {
	var columns []string
	for key, notes := range row.notes {
		for _, n := range notes {
			if n.Code == code {
				columns = append(columns, key)
			}
		}
	}
	return columns
}

// TestVoid: a void round is shown, and changes no figure, whatever went on in it.
func TestVoid(t *testing.T) {
	exp := made(short2, 480, 8)
	for i := range exp.Trials {
		switch tr := &exp.Trials[i]; tr.Round {
		case 3:
			tr.Void = "other processes took 31 % of the machine in libc's batch 1"
			tr.Error, tr.Warnings = "died in batch 2: exit 1", []bench.Warning{{Code: "x", Text: "y"}}
			tr.Batches[0].Answers, tr.Batches[1].Failed = map[string]int{"500/0": 480}, 480
			tr.Batches[1].Machine.Others = time.Hour
			hide(tr)
		case 8:
			tr.Repeats = 3
		}
	}
	exp.Design.Rounds = 7
	r := Summarize(exp)
	for _, row := range r.Rows {
		if row.Trials != 7 || row.Failed != 0 || row.Requests != 7*2*480 || row.Variant != "libc" && row.Peak.Ratio.N != 7 {
			t.Errorf("%s: %d trials, %d of %d failed, compared in %d", row.Variant, row.Trials, row.Failed, row.Requests, row.Peak.Ratio.N)
		}
	}
	var codes []string
	for _, n := range r.Notes {
		codes = append(codes, n.Code)
	}
	if diff := cmp.Diff([]string{CodeVoid, CodeStarved}, codes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	const want = "round 3 does not count: other processes took 31 % of the machine in libc's batch 1; repeated as round 8"
	if got := textOf(r, CodeVoid); got != want {
		t.Errorf("%s; want %s", got, want)
	}
	got := string(render(t, text(TextOptions{}), exp))
	if !strings.Contains(got, "\n7 rounds of 2 × 480 requests") || !strings.Contains(got, "medians over 7 rounds") {
		t.Errorf("the rounds are not those that count:\n%s", got)
	}
	if file := string(render(t, JSON, exp)); strings.Count(file, `"void": "other`) != 3 {
		t.Error("the void trials are not in the file")
	}

	for i := range exp.Trials {
		exp.Trials[i].Void = "the clock was set"
	}
	r = Summarize(exp)
	if got := textOf(r, CodeNotMeasured); got != "not measured, because none of its rounds counts: libc, jemalloc, musl" {
		t.Errorf("with all rounds void: %s", got)
	}
	if got := textOf(r, CodeVoid); strings.Count(got, "does not count") != 3 || !strings.HasSuffix(got, "5 more rounds do not count") {
		t.Errorf("with all rounds void: %s", got)
	}
}
