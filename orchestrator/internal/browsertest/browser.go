// Package browsertest shows pages in a real browser, for tests alone. It watches
// what people would not see: every request that a page makes, and every error on
// its console, must be none but those that the test allows.
//
// Start starts one browser for all subtests of a test; Open shows a page in a tab
// of its own. What is not here is done with chromedp on Page.Context.
package browsertest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// patience bounds everything that a page is waited for.
const patience = 30 * time.Second

// Browser is a running browser without a window, its profile new and thrown away
// at the end. It finds no name but those of this machine.
type Browser struct{ ctx context.Context }

// Start starts a browser that lives until the end of the test. Without one, the
// test is skipped or fails, as needs.Browser says.
func Start(t *testing.T) *Browser {
	t.Helper()
	needs.Patience(t, "starts a browser")
	home := shortDir(t) // whatever else a browser keeps
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(needs.Browser(t)),
		chromedp.DisableGPU,
		chromedp.Env("HOME="+home, "TMPDIR="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true), // as on a phone: they take no room
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which root cannot have
	}
	allocator, done := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		cancel() // waits for its end
		done()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start a browser: %v", err)
	}
	return &Browser{ctx}
}

// shortDir makes a folder for a test. A browser binds a socket in its TMPDIR,
// whose path Linux bounds to 107 bytes (unix(7)), and that of the tests may be long.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "lab-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
