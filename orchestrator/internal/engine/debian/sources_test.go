package debian

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSources: of the host's sources those of the suite are taken, in either
// format, and no others.
func TestSources(t *testing.T) {
	etc := t.TempDir()
	if err := os.Mkdir(filepath.Join(etc, "sources.list.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(etc, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check := func(wantStanzas, wantLines string) {
		t.Helper()
		stanzas, lines, err := sources(etc, "bookworm")
		if err != nil || string(stanzas) != wantStanzas || string(lines) != wantLines {
			t.Errorf("%q, %q, %v; want %q, %q", stanzas, lines, err, wantStanzas, wantLines)
		}
	}
	write("sources.list.d/other.list", "deb https://x bookworm stable\ndeb http://y cloud-bookworm main\n")
	write("sources.list", "# deb http://m bookworm main\ndeb [arch=amd64 signed-by=/k] http://m bookworm main contrib\ndeb-src http://m bookworm main\n")
	check("", "deb [arch=amd64 signed-by=/k] http://m bookworm main contrib\n\n")
	write("sources.list", "deb http://m trixie main\n")
	const stanza = "Types: deb\n# a comment\nURIs: http://m\nSuites: bookworm\n bookworm-updates\nComponents: main\n"
	write("sources.list.d/a.sources", "Types: deb\nURIs: http://n\nSuites: nodistro\nComponents: main\n\n"+stanza)
	check(stanza+"\n", "")
}
