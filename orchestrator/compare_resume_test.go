package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// TestKilled kills a run at ten random moments and has it go on each time. What
// comes of it has the schedule and the form of a run that nobody disturbed.
func TestKilled(t *testing.T) {
	needs.Patience(t, "runs two experiments")
	_, err := exec.LookPath("gcc")
	needs.Setup(t, err == nil, "a C compiler")
	p := newProject(t)
	begin := func(out string) []string {
		return strings.Fields("compare --engine process --variant libc --variant libc-two --benchmark short.yml --preset quick --rounds 12 --void-at 0" +
			" --batches 2 --pause 50ms --idle 100ms --sleep 5ms --workers 2 --seed 7 --out " + out)
	}
	if text, err := p.command(begin("whole")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	seed, whole := rand.Uint64(), 0 // rounds, at the last kill
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	args := begin("killed")
	for kill := range 10 {
		moment := time.Duration(random.Int64N(int64(3 * time.Second)))
		rounds := 0
		if kill == 5 {
			rounds = whole + 2 // whatever chance has it, one goes on behind whole rounds
		}
		if text, over := p.kill(args, moment, func() bool { return p.judged("killed") >= rounds }); over {
			t.Fatalf("kill %d: it ended within %v by itself:\n%s", kill, moment, text)
		}
		switch done, err := p.done("killed"); {
		case err == nil:
			if done < whole {
				t.Fatalf("kill %d: of %d whole rounds %d are left", kill, whole, done)
			}
			whole = done
			p.sound("killed", whole)
			args = []string{"compare", "--resume", "killed"}
		case len(args) > 3:
			// Not a word was written yet: there is nothing to go on from.
			if err := os.RemoveAll(filepath.Join(p.dir, "killed")); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("kill %d after %v: %v", kill, moment, err)
		}
	}
	if whole == 0 {
		t.Error("no kill had a whole round before it")
	}
	if text, err := p.command(args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	got, want := p.form("killed"), p.form("whole")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("undisturbed (-) and killed (+) ten times:\n%s", diff)
	}
	if left, err := os.ReadDir(p.temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// project is a copy of the project in which commands run.
type project struct {
	t         *testing.T
	dir, temp string
}

func newProject(t *testing.T) *project {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, dir: t.TempDir(), temp: enginetest.ShortDir(t)}
	if err := copyProject(root, p.dir); err != nil {
		t.Fatal(err)
	}
	libc, err := os.ReadFile(filepath.Join(p.dir, "Dockerfile.libc"))
	if err == nil {
		err = os.WriteFile(filepath.Join(p.dir, "Dockerfile.libc-two"), libc, 0o644)
	}
	if err == nil {
		const short = "base: http://localhost:3000\niterations: 30\nconcurrency: 8\nplan:\n  - include: plans/tiny.yml\nlab: {tags: [tiny]}\n"
		err = os.WriteFile(filepath.Join(p.dir, "short.yml"), []byte(short), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *project) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(p.t.Context(), "orchestrator", args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "TMPDIR="+p.temp, "XDG_CACHE_HOME="+filepath.Join(p.dir, ".cache"))
	return cmd
}

// kill runs a command and kills it after a while, once it is far enough. over
// says that it had ended before, with what it printed.
func (p *project) kill(args []string, after time.Duration, enough func() bool) (text string, over bool) {
	p.t.Helper()
	var out bytes.Buffer
	cmd := p.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	time.Sleep(after)
	for tries := 0; !enough() && tries < 600; tries++ {
		time.Sleep(100 * time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		return out.String(), true
	}
	_ = cmd.Wait() // killed
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return out.String(), !status.Signaled()
}

// judged counts the rounds that a run has judged.
func (p *project) judged(name string) int {
	text, err := os.ReadFile(filepath.Join(p.dir, name, "records.jsonl"))
	if err != nil {
		return 0 // it has not begun
	}
	return bytes.Count(text, []byte(`{"judged":`))
}

// sound sees that rounds which are whole have everything of a round.
func (p *project) sound(name string, whole int) {
	p.t.Helper()
	exp, err := store.Load(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	trials := 0
	for _, t := range exp.Trials {
		if t.Round > whole {
			continue
		}
		if trials++; t.Error != "" || len(t.Batches) != 2 || len(t.Phases) != 5 || t.Samples.Len() < 20 {
			p.t.Errorf("round %d of %s: %q, %d batches, %d phases, %d samples", t.Round, t.Variant, t.Error, len(t.Batches), len(t.Phases), t.Samples.Len())
		}
	}
	if trials != 2*whole {
		p.t.Errorf("%d trials in %d whole rounds", trials, whole)
	}
}

// done says how many rounds of an interrupted run are whole.
func (p *project) done(name string) (int, error) {
	folder, earlier, err := store.Reopen(filepath.Join(p.dir, name))
	if err != nil {
		return 0, err
	}
	return len(earlier.Done), folder.Leave()
}

// form is what two runs of one design have in common, whatever they measured.
type form struct {
	Design bench.Design
	Plan   bench.Plan
	Orders []string // of the rounds
	Trials []string
	Over   bool
	Fresh  bool // what is saved is the fold of the records
}

func (p *project) form(name string) form {
	p.t.Helper()
	dir := filepath.Join(p.dir, name)
	exp, err := store.Load(dir)
	if err != nil {
		p.t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "records.jsonl"))
	if err != nil {
		p.t.Fatal(err)
	}
	folded, err := store.Fold(store.Read(bytes.NewReader(text)))
	if err != nil {
		p.t.Fatal(err)
	}
	f := form{Design: exp.Design, Plan: exp.Plan, Over: !exp.Interrupted, Fresh: len(folded.Trials) == len(exp.Trials)}
	orders := map[int]string{}
	for r := range store.Read(bytes.NewReader(text)) {
		if r, ok := r.What.(store.Round); ok {
			orders[r.Number] = strings.Join(r.Order, ",")
		}
	}
	for n := 1; n <= len(orders); n++ {
		f.Orders = append(f.Orders, orders[n])
	}
	for i, t := range exp.Trials {
		var text strings.Builder
		fmt.Fprintf(&text, "round %d of %s: %s%s", t.Round, t.Variant, t.Error, t.Void)
		for _, ph := range t.Phases {
			text.WriteString(" " + ph.Kind)
		}
		for _, b := range t.Batches {
			fmt.Fprintf(&text, ", batch %d: %d of %d failed", b.Number, b.Failed, b.Requests)
		}
		for _, e := range t.Edges {
			text.WriteString(", " + e.Name)
		}
		if t.Samples.Len() < 20 || !t.Samples.Equal(folded.Trials[i].Samples) {
			fmt.Fprintf(&text, ", %d samples saved and %d recorded", t.Samples.Len(), folded.Trials[i].Samples.Len())
		}
		f.Trials = append(f.Trials, text.String())
	}
	return f
}
