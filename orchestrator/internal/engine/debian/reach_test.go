package debian

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

func TestRelease(t *testing.T) {
	const listed = `'http://m/debian/dists/trixie-updates/InRelease' m_x 0 
'http://m/debian/dists/trixie/InRelease' m_y 0 
'http://m/debian/dists/trixie/main/binary-amd64/Packages.xz' m_z 0 
`
	check := func(suite, want string) {
		t.Helper()
		if got := release(listed, suite); got != want {
			t.Errorf("%s: %q; want %q", suite, got, want)
		}
	}
	check("trixie", "http://m/debian/dists/trixie/InRelease")
	check("bookworm", "")
	check("main", "")
}

// TestAnswers: what mirrors do, and what is no mirror.
func TestAnswers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead || r.URL.Path != "/there" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "InRelease")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	needs.Mirror(t, Available())
	check := func(address, want, advice string) {
		t.Helper()
		err := answers(t.Context(), address)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) || !strings.Contains(hint.Of(err), advice) {
			t.Errorf("%s: %v (%s); want %q (%s)", address, err, hint.Of(err), want, advice)
		}
	}
	check(server.URL+"/there", "", "")
	check(server.URL+"/gone", "404", "name a mirror")
	check("http://127.0.0.1:1/there", "http://127.0.0.1:1/there: dial tcp", "check the network")
	check("file://"+file, "", "")
	check("file://"+file+".none", "no such file", "")
	check("cdrom://x/y", "apt alone", "")
}

// TestReach asks the real mirror, and leaves nothing.
func TestReach(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	needs.Mirror(t, Reach(t.Context(), "bookworm"))
	if err := Reach(t.Context(), "nosuchsuite"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a suite that there is not: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Reach(ctx, "bookworm"); err == nil {
		t.Error("no error of a call that was given up")
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
