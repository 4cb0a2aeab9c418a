package needs

import (
	"os"
	"os/exec"
	"testing"
)

// browsers are the names under which a browser may be installed that speaks
// Chrome's DevTools protocol.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"}

// Browser gives the path of a browser. A test is skipped where there is none,
// unless LAB_BROWSER=1 says that there has to be one.
func Browser(t testing.TB) string {
	t.Helper()
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("LAB_BROWSER") == "1" {
		t.Fatalf("LAB_BROWSER=1, but there is no browser: Debian's package is chromium")
	}
	t.Skipf("no browser is installed: Debian's package is chromium")
	return ""
}
