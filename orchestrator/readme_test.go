package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// runElsewhere are the documented commands that no test runs as they stand, with
// the file that runs them instead and what it runs.
var runElsewhere = map[string]struct{ file, runs, why string }{
	"go test ./...": {".ci/run", "go test -count=1 -timeout 20m ./...", "it is the tests themselves"},
	"go run ./orchestrator report results/2026-11-23T10-12-05 --serve": {"orchestrator/testdata/script/serve.txt", "exec sh other.sh other2.txt --serve=0 second &other&", "it serves until Ctrl-C"},
	"go run ./orchestrator clean":                                      {"orchestrator/testdata/script/clean.txt", "exec orchestrator clean --engine process", "it would take containers and images from others on this machine"},
}

// TestDocumentedCommands runs every command of the README and of docs as far as a
// test can: what people are told to type works, and what is not run by anybody
// fails here.
func TestDocumentedCommands(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	commands := documentedCommands(t, root)
	work := enginetest.ShortDir(t)
	if err := copyProject(root, work); err != nil {
		t.Fatal(err)
	}
	t.Chdir(work)
	server := furnish(t, root, commands)
	used := map[string]bool{}
	for _, c := range commands {
		t.Run(strings.ReplaceAll(c.text, "/", "∕"), func(t *testing.T) {
			if elsewhere, ok := runElsewhere[c.text]; ok {
				used[c.text] = true
				text, err := os.ReadFile(filepath.Join(root, elsewhere.file))
				if err != nil || !bytes.Contains(text, []byte(elsewhere.runs+"\n")) {
					t.Errorf("%s: %s does not run %q any more (%v)", c.at, elsewhere.file, elsewhere.runs, err)
				}
				return
			}
			if err := try(t, root, server, c); err != nil {
				t.Errorf("%s: %s\n%v", c.at, c.text, err)
			}
		})
	}
	for text := range runElsewhere {
		if !used[text] {
			t.Errorf("no document has the command %q any more", text)
		}
	}
}

// try runs a command, or says that nobody does.
func try(t *testing.T, root string, server *service, c documented) error {
	args := c.args
	switch {
	case len(args) > 3 && slices.Equal(args[:3], []string{"go", "run", "./orchestrator"}):
		return tryOurs(t, root, server, args[3:])
	case len(args) > 1 && args[0] == built:
		return tryOurs(t, root, server, args[1:])
	case len(args) > 2 && slices.Equal(args[:3], []string{"go", "build", "-o"}):
		args = slices.Clone(args)
		args[3] = filepath.Join(t.TempDir(), args[3])
		needs.Patience(t, "builds the program")
		cmd := exec.CommandContext(t.Context(), "go", args[1:]...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	case len(args) > 1 && args[0] == "docker" && args[1] == "build":
		return tryDockerBuild(args[2:])
	}
	return errors.New("nobody runs this: have it run here, or give a reason in runElsewhere")
}

// tryOurs runs a command of ours in a copy of the project: compare as a dry run,
// drill against a server of the test.
func tryOurs(t *testing.T, root string, server *service, args []string) (err error) {
	switch args[0] {
	case "compare":
		if scripted(t, root, args) {
			return nil
		}
		if !slices.Contains(args, "--dry-run") {
			args = append(slices.Clone(args), "--dry-run")
		}
	case "drill":
		var sends bool
		if args, sends = boundedDrill(server, args); sends {
			before := server.hits.Load()
			defer func() {
				if err == nil && server.hits.Load() == before {
					err = fmt.Errorf("%q sent nothing", args)
				}
			}()
		}
	case "variants", "report":
		if !slices.Contains(args, "--check") {
			break
		}
		fallthrough // it builds and starts things
	default:
		if !scripted(t, root, args) {
			return errors.New("no script runs this: have one run it, or run it here")
		}
		return nil
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr); code != exitDone {
		return fmt.Errorf("exit code %d of %q: %s%s", code, args, &stderr, ending(stdout.String()))
	}
	if stdout.Len() == 0 && !slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-q") }) {
		return fmt.Errorf("%q printed nothing", args)
	}
	return nil
}

// boundedDrill has a command send its plan to the server and soon come to an end,
// if it sends anything.
func boundedDrill(server *service, args []string) (bounded []string, sends bool) {
	args = slices.Clone(args)
	sends = true
	to := server.URL
	for i, arg := range args {
		switch arg {
		case "--list-tasks", "--list-tags", "--help", "--version":
			sends = false
		case "--base-url": // the same kind of address
			if strings.HasPrefix(args[i+1], "unix:") {
				to = "unix:" + server.socket
			}
			args[i], args[i+1] = "--strict=false", "--no-proxy" // it may be given once
		}
	}
	if !sends {
		return args, false
	}
	// A gate on p99 takes a hundred answers; bodies of the project's plan are large.
	n := "200"
	if slices.Contains(args, "benchmark.yml") {
		n = "2"
	}
	return append(args, "--base-url", to, "--iterations", n, "--concurrency", "2"), true
}

// tryDockerBuild holds a build against the Dockerfile that it names.
func tryDockerBuild(args []string) error {
	at := slices.Index(args, "-f")
	if at < 0 || args[len(args)-1] != "." {
		return errors.New("it names no Dockerfile and folder")
	}
	text, err := os.ReadFile(args[at+1])
	if err != nil {
		return err
	}
	for i, arg := range args {
		if arg != "--build-arg" {
			continue
		}
		name, _, _ := strings.Cut(args[i+1], "=")
		if !regexp.MustCompile(`(?m)^ARG ` + regexp.QuoteMeta(name) + `\b`).Match(text) {
			return fmt.Errorf("%s has no ARG %s", args[at+1], name)
		}
	}
	return nil
}

// placeholder is what stands for any other of its kind: DIR, $WORK/x, a folder of
// results.
var placeholder = regexp.MustCompile(`^(results/.*|[A-Z][A-Z_]*|\$.*)$`)

// scripted says whether a script runs a command of ours, placeholders apart.
func scripted(t *testing.T, root string, args []string) bool {
	t.Helper()
	form := func(args []string) string {
		args = slices.Clone(args)
		for i, arg := range args {
			if placeholder.MatchString(arg) {
				args[i] = "*"
			}
		}
		return strings.Join(args, " ")
	}
	scripts, err := filepath.Glob(filepath.Join(root, "orchestrator", "testdata", "*", "*.txt"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if _, command, ok := strings.Cut(line, "exec orchestrator "); ok && form(splitWords(command)) == form(args) {
				return true
			}
		}
	}
	return false
}

// furnish makes what the commands name: a plan, a saved experiment, a README, a
// service on a port and on a socket. It gives the service.
func furnish(t *testing.T, root string, commands []documented) *service {
	t.Helper()
	put := func(name string, text []byte) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	put("README.md", readme)
	put("plan.yml", []byte("plan:\n- name: one\n  request: {url: /}\n"))
	saved := defaultResult(t)
	for _, c := range commands {
		if at := slices.Index(c.args, "--check"); at >= 0 {
			put(filepath.Join(c.args[at+1], store.ExperimentFile), saved)
		}
		if at := slices.Index(c.args, "report"); at >= 0 {
			for _, folder := range c.args[at+1:] {
				if strings.HasPrefix(folder, "-") {
					break
				}
				put(filepath.Join(folder, store.ExperimentFile), saved)
			}
		}
	}
	s := &service{socket: filepath.Join(enginetest.ShortDir(t), "s")}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.hits.Add(1)
		fmt.Fprint(w, "{}")
	})
	s.Server = httptest.NewServer(handler)
	t.Cleanup(s.Close)
	listener, err := net.Listen("unix", s.socket)
	if err != nil {
		t.Fatal(err)
	}
	local := httptest.NewUnstartedServer(handler)
	_ = local.Listener.Close()
	local.Listener = listener
	local.Start()
	t.Cleanup(local.Close)
	return s
}

// defaultResult is a result of what compare does where nothing else is said.
func defaultResult(t *testing.T) []byte {
	t.Helper()
	c, f := &compareFlags{}, pflag.NewFlagSet("compare", pflag.ContinueOnError)
	for _, g := range c.define() {
		f.AddFlagSet(g.FlagSet)
	}
	j, err := c.prepare(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	exp := &bench.Experiment{Design: j.design, Plan: lab.Describe(j.plan)}
	for round := 1; round <= j.design.Rounds; round++ {
		for _, v := range j.design.Variants {
			exp.Trials = append(exp.Trials, bench.Trial{Variant: v.Name, Round: round})
		}
	}
	var text bytes.Buffer
	if err := report.JSON(&text, exp); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// service answers every request, on a port and on a socket.
type service struct {
	*httptest.Server
	socket string
	hits   atomic.Int64
}

// ending is the end of a text, for a message.
func ending(text string) string { return text[max(0, len(text)-500):] }
