package debian

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// unstable is the suite that is never released.
const unstable = "sid"

// mostSources bounds the length of one list of package sources, in bytes.
const mostSources = 1 << 20

// sources are those of the host's own, in the folder etc, that have the suite,
// for they may name a mirror that is nearer: stanzas in the newer format, lines
// in the older one. Where there are none they are Debian's public ones.
func sources(etc, suite string) (stanzas, lines []byte, err error) {
	read := func(pattern string) string {
		var all strings.Builder
		names, _ := filepath.Glob(filepath.Join(etc, pattern)) // the pattern is a good one
		for _, name := range names {
			if text, err := files.Read(name, mostSources); err == nil { // one that only root may read has a password in it
				all.Write(text)
				all.WriteString("\n\n")
			}
		}
		return all.String()
	}
	complete := false
	for stanza := range strings.SplitSeq(read("sources.list.d/*.sources"), "\n\n") {
		if field := fields822(stanza); wants(suite, field["types"], field["suites"], field["components"]) && !slices.Contains(field["enabled"], "no") {
			stanzas = fmt.Appendf(stanzas, "%s\n\n", strings.TrimSpace(stanza))
			complete = complete || slices.Contains(field["suites"], suite)
		}
	}
	for line := range strings.Lines(read("sources.list") + read("sources.list.d/*.list")) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) > 1 && strings.HasPrefix(f[1], "[") { // options
			end := slices.IndexFunc(f, func(w string) bool { return strings.HasSuffix(w, "]") })
			f = slices.Delete(f, 1, max(1, end+1))
		}
		if len(f) > 3 && wants(suite, f[:1], f[2:3], f[3:]) {
			lines = fmt.Appendf(lines, "%s\n", line)
			complete = complete || f[2] == suite
		}
	}
	if complete {
		return stanzas, lines, nil
	}
	if _, err := os.Stat(keyring); err != nil {
		return nil, nil, &hint.Error{
			Err:    fmt.Errorf("no keys to check Debian's signatures with: %w", err),
			Advice: "install the package debian-archive-keyring, or bring the images here with docker pull or docker load",
		}
	}
	if suite == unstable {
		// What would be an update elsewhere is the suite itself here.
		return fmt.Appendf(nil, `Types: deb
URIs: http://deb.debian.org/debian
Suites: %s
Components: main
Signed-By: %s
`, suite, keyring), nil, nil
	}
	return fmt.Appendf(nil, `Types: deb
URIs: http://deb.debian.org/debian
Suites: %[1]s %[1]s-updates
Components: main
Signed-By: %[2]s

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: %[1]s-security
Components: main
Signed-By: %[2]s
`, suite, keyring), nil, nil
}

// wants says that a source is Debian's own for the suite, as far as can be told.
func wants(suite string, types, suites, components []string) bool {
	return slices.Contains(types, "deb") && slices.Contains(components, "main") &&
		slices.ContainsFunc(suites, func(name string) bool {
			return name == suite || name == suite+"-updates" || name == suite+"-security"
		})
}

// fields822 takes a stanza of NAME: words apart.
func fields822(stanza string) map[string][]string {
	fields, name := map[string][]string{}, ""
	for line := range strings.Lines(stanza) {
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t"):
			var rest string
			name, rest, _ = strings.Cut(line, ":")
			name, line = strings.ToLower(name), rest
		}
		fields[name] = append(fields[name], strings.Fields(line)...)
	}
	return fields
}
