package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"orchestrator": main})
}

// TestScripts runs the commands end to end, on local processes.
func TestScripts(t *testing.T) {
	needs.Patience(t, "builds and runs the service")
	files, err := filepath.Glob(filepath.Join("testdata", "script", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	runScripts(t, files...)
}

// TestDockerScripts runs the main job end to end on the real daemon.
func TestDockerScripts(t *testing.T) {
	needs.Patience(t, "builds and runs containers")
	enginetest.Daemon(t, exec.CommandContext(t.Context(), "docker", "version").Run())
	// One after the other: each counts the containers that are there.
	files, err := filepath.Glob(filepath.Join("testdata", "docker", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScripts(t, file) })
	}
}

// runScripts runs scripts, each in a copy of the project.
func runScripts(t *testing.T, files ...string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"json": checkJSON, "containers": checkContainers, "folders": checkFolders, "await": awaitText, "fetch": fetchPage,
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "hugepages":
				return lendsHugePages(t), nil
			case "unshare":
				return exec.CommandContext(t.Context(), "unshare", "--pid", "--fork", "--mount-proc", "true").Run() == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Setup: func(env *testscript.Env) error {
			// Folders, binaries and, by their mounts, containers of a script are
			// its own: other runs on this machine may be at work beside it.
			temp := enginetest.ShortDir(t)
			if err := os.Chmod(temp, 0o711); err != nil {
				return err
			}
			env.Setenv("TMPDIR", temp)
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
			env.Setenv("ESC", "\x1b")
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY"} {
				value, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
				if err != nil {
					return err
				}
				env.Setenv(name, strings.TrimSpace(string(value)))
			}
			if err := startDrillServer(t, env); err != nil {
				return err
			}
			return copyProject(root, env.WorkDir)
		},
	})
}

// checkContainers looks for containers of the script's own, running or not, and
// puts the name of one into CONTAINER. With ! there must be none.
func checkContainers(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 {
		ts.Fatalf("usage: [!] containers")
	}
	ids, err := exec.Command("docker", "ps", "-aq", "--filter", "label=stair-stepper.plan").Output()
	ts.Check(err)
	var own []string
	for id := range strings.FieldsSeq(string(ids)) {
		// One that fails is somebody else's, and gone by now.
		out, err := exec.Command("docker", "inspect", "-f", "{{.Name}}{{range .Mounts}} {{.Source}}{{end}}", id).Output()
		name, mount, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
		if err == nil && strings.HasPrefix(mount, ts.Getenv("TMPDIR")+"/") {
			own = append(own, strings.TrimPrefix(name, "/"))
		}
	}
	switch {
	case neg && len(own) > 0:
		ts.Fatalf("containers: %q", own)
	case !neg && len(own) == 0:
		ts.Fatalf("no container")
	case !neg:
		ts.Setenv("CONTAINER", own[0])
	}
}

// checkFolders looks for folders of runs in the script's TMPDIR. With ! there
// must be none.
func checkFolders(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 {
		ts.Fatalf("usage: [!] folders")
	}
	entries, err := os.ReadDir(ts.Getenv("TMPDIR"))
	ts.Check(err)
	var own []string
	for _, d := range entries {
		if strings.HasPrefix(d.Name(), "stair-stepper-") || strings.HasPrefix(d.Name(), "stepper-process-") {
			own = append(own, d.Name())
		}
	}
	if neg != (len(own) == 0) {
		ts.Fatalf("folders: %q", own)
	}
}

// lendsHugePages raises the kernel's pool of huge pages by 512 MiB until the end
// of the test, and says whether that could be done.
func lendsHugePages(t *testing.T) bool {
	const pool, pages = "/proc/sys/vm/nr_hugepages", 256
	read := func() (n int, text []byte) {
		text, err := os.ReadFile(pool)
		if err == nil {
			n, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		return n, text
	}
	before, text := read()
	if text == nil || os.WriteFile(pool, []byte(strconv.Itoa(before+pages)), 0) != nil {
		return false
	}
	t.Cleanup(func() {
		if err := os.WriteFile(pool, text, 0); err != nil {
			t.Error(err)
		}
	})
	now, _ := read()
	return now >= before+pages
}

// copyProject copies what a user's folder has to have, so that scripts may
// spoil it.
func copyProject(root, to string) error {
	for _, folder := range []string{"services", "plans", "variants"} {
		if err := os.CopyFS(filepath.Join(to, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			return err
		}
	}
	files, err := filepath.Glob(filepath.Join(root, "Dockerfile.*"))
	if err != nil {
		return err
	}
	for _, name := range []string{"go.mod", "go.sum", "benchmark.yml", ".dockerignore"} {
		files = append(files, filepath.Join(root, name))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
