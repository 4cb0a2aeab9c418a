package console

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// entry is one request of a report.
type entry struct {
	Name     string // as written in the plan
	Duration time.Duration
	Status   int // noAnswer where there was none
	Timed    bool
}

// noAnswer is the status that drill gives a request without an answer.
const noAnswer = 520

// recorder gathers the requests of one iteration for a report. It is a
// load.Observer.
type recorder struct {
	mu      sync.Mutex
	entries []entry
}

// Begin implements load.Observer.
func (r *recorder) Begin(*load.Event) {}

// End takes a request down.
func (r *recorder) End(e *load.Event) {
	request, ok := e.Item.(*plan.Request)
	if !ok || e.Status == 0 && e.Class == "" {
		return
	}
	status := e.Status
	if status == 0 {
		status = noAnswer
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, entry{Name: request.Name, Duration: e.Took, Status: status, Timed: true})
}

// Entries gives what was taken down, in order.
func (r *recorder) Entries() []entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.entries)
}

// checkReport finds out before the run that a report would have no place. The
// error is a mistake.
func checkReport(name string) error {
	folder := filepath.Dir(name)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return hint.Mistake(fmt.Sprintf("--report %s: there is no folder %s", name, folder), "create it first")
	}
	if err := files.CheckWrite(name); err != nil {
		return hint.Mistake(fmt.Sprintf("--report: %v", err), "name another file")
	}
	return nil
}

// writeReport puts entries into a file, as files.Write does.
func writeReport(name string, entries []entry) error {
	var b bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&b, "\n- name: %s\n  duration: %s\n  status: %d\n", quoteYAML(e.Name), milliseconds(e.Duration), e.Status)
	}
	err := files.Write(name, func(w io.Writer) error {
		_, err := b.WriteTo(w)
		return err
	})
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// milliseconds writes the shortest number that is d in milliseconds.
func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(ms(d), 'f', -1, 64)
}

// bare are names that mean the same without quotes in every YAML; reserved are
// the exceptions among them.
var (
	bare     = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_./()+= -]*[A-Za-z0-9_./()+=-])?$`)
	reserved = regexp.MustCompile(`^(?i:null|true|false|yes|no|on|off|y|n)$`)
)

// quoteYAML writes a name so that every YAML reader has it back. Plain names
// stay as they are, which is how drill writes them all.
func quoteYAML(name string) string {
	if bare.MatchString(name) && !reserved.MatchString(name) {
		return name
	}
	return strconv.Quote(name)
}
