package console

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// mostReport bounds the length of a report, in bytes.
const mostReport = 256 << 20

// readReport reads the report of an earlier run: ours, or drill's, whose names
// stand there without quotes whatever is in them. Keys it does not know, it
// passes over.
func readReport(name string) ([]entry, error) {
	text, err := files.Read(name, mostReport)
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	return parseReport(name, text)
}

// parseReport reads a report as the lines that drill and this project write, or
// where that gives less, as the YAML that another hand may have written.
func parseReport(file string, text []byte) ([]entry, error) {
	lines, err := parseLines(file, text)
	other := parseYAML(file, text)
	if timed(other) > timed(lines) {
		return other, nil
	}
	return lines, err
}

func timed(entries []entry) int {
	n := 0
	for _, e := range entries {
		if e.Timed {
			n++
		}
	}
	return n
}

// parseYAML reads a list of mappings; what is none is none in a report.
func parseYAML(file string, text []byte) []entry {
	value, err := plan.ReadYAML(file, text)
	list, isList := value.([]any)
	if err != nil || !isList {
		return nil
	}
	entries := make([]entry, len(list))
	for i, value := range list {
		fields, _ := value.(map[string]any)
		entries[i].Name, _ = fields["name"].(string)
		switch ms := fields["duration"].(type) {
		case int64:
			entries[i].took(float64(ms))
		case float64:
			entries[i].took(ms)
		}
		if status, ok := fields["status"].(int64); ok {
			entries[i].Status = int(status)
		}
	}
	return entries
}

func parseLines(file string, text []byte) ([]entry, error) {
	var entries []entry
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimRight(lines.Text(), " \t\r")
		rest := line
		switch {
		case strings.TrimSpace(line) == "", strings.HasPrefix(line, "#"), len(entries) == 0 && line == "---":
			continue
		case line == "-" || strings.HasPrefix(line, "- "):
			entries = append(entries, entry{})
			rest = line[1:]
		case len(entries) == 0:
			return nil, fmt.Errorf("report %s:%d: %q does not begin a list of requests", file, number, abridged(line))
		}
		key, value, ok := strings.Cut(strings.TrimLeft(rest, " "), ":")
		if !ok || value != "" && value[0] != ' ' {
			continue // the rest of a name that drill wrote over several lines
		}
		if err := entries[len(entries)-1].set(key, strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("report %s:%d: %w", file, number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read report %s: %w", file, err)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("report %s holds no requests", file)
	}
	return entries, nil
}

// set reads one line of an entry.
func (e *entry) set(key, value string) (err error) {
	switch key {
	case "name":
		e.Name = unquoteYAML(value)
	case "duration":
		ms, err := strconv.ParseFloat(value, 64)
		if err != nil || !e.took(ms) {
			return fmt.Errorf("duration %q is not a number of milliseconds", abridged(value))
		}
	case "status":
		if e.Status, err = strconv.Atoi(value); err != nil {
			return fmt.Errorf("status %q is not a number", abridged(value))
		}
	}
	return nil
}

// took sets the duration, if ms can be one.
func (e *entry) took(ms float64) bool {
	if !(ms >= 0 && ms < 1e12) {
		return false
	}
	e.Duration, e.Timed = time.Duration(math.Round(ms*float64(time.Millisecond))), true
	return true
}

// unquoteYAML undoes quoteYAML, and the quotes of other writers.
func unquoteYAML(text string) string {
	if name, err := strconv.Unquote(text); err == nil && text[0] == '"' {
		return name
	}
	if n := len(text); n >= 2 && text[0] == '\'' && text[n-1] == '\'' {
		return strings.ReplaceAll(text[1:n-1], "''", "'")
	}
	return text
}

// abridged cuts a text for a message.
func abridged(text string) string { return cut(text, 60) }
