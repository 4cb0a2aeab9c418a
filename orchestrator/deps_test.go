package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/stair-stepper/stair-stepper/"

// arrows says which of our packages each of our packages may import. The house
// is drawn here and nowhere else: a new arrow or room is added to this table,
// with a reason in the commit, or not at all.
var arrows = map[string][]string{
	"orchestrator":                            {"engine", "engine/docker", "engine/process", "lab", "load", "report", "chart", "store", "console", "plan", "vars", "plain", "flags", "design", "variant", "page", "versus", "gate", "web", "doctor"},
	"orchestrator/internal/bench":             {},
	"orchestrator/internal/hint":              {},
	"orchestrator/internal/words":             {},
	"orchestrator/internal/files":             {}, // whoever opens or writes what people name goes through here
	"orchestrator/internal/plain":             {}, // whoever prints imports it
	"orchestrator/internal/layout":            {"plain"},
	"orchestrator/internal/flags":             {"plan"}, // a rate is read as a plan's is
	"orchestrator/internal/vars":              {},
	"orchestrator/internal/weburl":            {},
	"orchestrator/internal/plan":              {"files", "vars", "weburl"},
	"orchestrator/internal/stat":              {},
	"orchestrator/internal/proc":              {},       // meter and engines tell processes apart by the same reading
	"orchestrator/internal/engine":            {"proc"}, // the contract alone
	"orchestrator/internal/engine/dockerfile": {"files"},
	"orchestrator/internal/engine/debian":     {"files"}, // both engines get packages from it
	"orchestrator/internal/engine/lines":      {},
	"orchestrator/internal/engine/runs":       {"engine", "files", "proc"}, // engine: names that folders may carry
	"orchestrator/internal/engine/docker":     {"engine", "engine/debian", "engine/dockerfile", "engine/lines", "engine/runs", "variant", "files", "proc"},
	"orchestrator/internal/engine/process":    {"engine", "engine/dockerfile", "engine/lines", "engine/runs", "variant", "files", "proc", "engine/debian"},
	"orchestrator/internal/engine/enginetest": {"engine", "engine/runs", "proc"},        // for tests alone
	"orchestrator/internal/variant":           {"engine", "engine/dockerfile", "files"}, // what a variant is, its Dockerfile says; what containers are called, the engine; lists are files that people name
	"orchestrator/internal/load":              {"plan", "vars", "weburl"},
	"orchestrator/internal/store":             {"files", "plain"},
	"orchestrator/internal/watch":             {"design", "store"},                                                                           // what is left follows from the design
	"orchestrator/internal/console":           {"design", "load", "plan", "report", "store", "watch", "files", "plain", "layout", "variant"}, // report: what failed is said in the report's words; variant: what there is is shown as it is known
	"orchestrator/internal/web":               {"chart", "page", "store", "watch", "console", "plain"},                                       // console: its log is what a terminal shows
	"orchestrator/internal/kernel":            {},                                                                                            // versions are facts that tests of many rooms need, and meter's own could not import meter
	"orchestrator/internal/needs":             {"kernel"},                                                                                    // for tests alone
	"orchestrator/internal/browsertest":       {"needs"},                                                                                     // for tests alone
	"orchestrator/internal/doctor":            {"engine", "engine/debian", "meter", "kernel", "proc", "variant", "layout", "plain"},
	"orchestrator/internal/meter":             {"kernel", "proc"},
	"orchestrator/internal/lab":               {"engine", "load", "meter", "plan", "store", "vars", "plain", "design", "variant"}, // it never sees Docker
	"orchestrator/internal/report":            {"stat", "files", "layout", "plain"},                                               // a saved file renders anywhere
	"orchestrator/internal/versus":            {"report", "stat", "layout", "plain"},                                              // a change is between two reports
	"orchestrator/internal/gate":              {"report", "stat", "plain"},                                                        // whether a report is worse than an older one
	"orchestrator/internal/chart":             {"report", "files", "plain"},                                                       // pictures of what the report means
	"orchestrator/internal/page":              {"report", "chart", "plain", "files", "versus", "stat"},                            // the report as one file
	"orchestrator/internal/design":            {"stat", "report"},                                                                 // what a design can show, from the scatter of earlier results, is said before it starts
	"bench/answer":                            {},
	"plans":                                   {},
	"plans/gen":                               {},
	"services/stepper":                        {"services/stepper/internal/document", "services/stepper/internal/malloc"},
	"services/stepper/internal/document":      {"services/stepper/internal/malloc"},
	"services/stepper/internal/malloc":        {},
}

// leaf says whether a package is one that everybody may import, and that imports
// nothing of ours: plain data, errors with advice, words for numbers.
func leaf(room string) bool {
	return slices.Contains([]string{"bench", "hint", "words"}, strings.TrimPrefix(strings.TrimPrefix(room, module), "orchestrator/internal/"))
}

// only says which package alone may import a library from outside, and why.
var only = map[string]struct{ room, why string }{
	"github.com/chromedp/chromedp":         {"orchestrator/internal/browsertest", "a browser is for tests"},
	"github.com/docker/docker":             {"orchestrator/internal/engine/docker", "the rest of the lab runs without Docker"},
	"github.com/moby/patternmatcher":       {"orchestrator/internal/engine/docker", "it alone makes build contexts, and reads .dockerignore as Docker does"},
	"github.com/olekukonko/tablewriter":    {"orchestrator/internal/layout", "one place decides how tables look"},
	"github.com/gorilla/mux":               {"services/stepper", "it is the service under test; the live page has four addresses, which the standard library tells apart"},
	"github.com/spf13/cobra":               {"orchestrator", "only the command line knows flags"},
	"github.com/vbauerster/mpb":            {"orchestrator/internal/console", "one place knows a terminal"},
	"github.com/yuin/goldmark":             {"orchestrator/internal/report", "one place reads Markdown, to put a table into it"},
	"go.yaml.in/yaml":                      {"orchestrator/internal/plan", "one dialect of YAML, drill's"},
	"C":                                    {"services/stepper/internal", "the orchestrator builds without cgo"},
	"github.com/clipperhouse/displaywidth": {"orchestrator/internal/plain", "one place decides how wide text is"},
	"github.com/docker/cli":                {"orchestrator/internal/engine/docker", "it alone chooses a daemon, as the docker command does"},
}

func TestArrows(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen, used := map[string]bool{}, map[string]bool{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		room := strings.TrimPrefix(pkg.ImportPath, module)
		allowed, known := arrows[room]
		if !known {
			t.Errorf("package %s is not in the table", room)
			continue
		}
		seen[room] = true
		for _, imported := range pkg.Imports {
			checkImport(t, room, allowed, imported)
			used[room+" "+strings.TrimPrefix(strings.TrimPrefix(imported, module), "orchestrator/internal/")] = true
		}
	}
	for room, allowed := range arrows {
		if !seen[room] {
			t.Errorf("the table has %s, which is no package", room)
		}
		for _, to := range allowed {
			if !used[room+" "+to] {
				t.Errorf("the table has an arrow from %s to %s, which nobody uses", room, to)
			}
		}
	}
}

func checkImport(t *testing.T, room string, allowed []string, imported string) {
	t.Helper()
	if ours, ok := strings.CutPrefix(imported, module); ok {
		short := strings.TrimPrefix(ours, "orchestrator/internal/")
		if !slices.Contains(allowed, short) && (leaf(room) || !leaf(imported)) {
			t.Errorf("%s imports %s: the table has no such arrow", room, short)
		}
		return
	}
	for library, o := range only {
		if (imported == library || strings.HasPrefix(imported, library+"/")) && room != o.room && !strings.HasPrefix(room, o.room+"/") {
			t.Errorf("%s imports %s, which is for %s alone: %s", room, imported, o.room, o.why)
		}
	}
}
