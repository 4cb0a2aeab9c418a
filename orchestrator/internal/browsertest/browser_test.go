package browsertest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sound = `<!doctype html><title>sound</title><link rel=icon href="data:,"><p id=p>here</p>
<style>p { width: 100% } @media (prefers-color-scheme: dark) { p { color: rgb(1, 2, 3) } } @media print { p { color: rgb(4, 5, 6) } }</style>
<script>document.title = 'run'</script>`

// noted stands in for a test: it keeps what a page is accused of.
type noted struct {
	testing.TB
	texts []string
	done  []func()
}

func (n *noted) Helper()                   {}
func (n *noted) Cleanup(f func())          { n.done = append(n.done, f) }
func (n *noted) Errorf(f string, a ...any) { n.texts = append(n.texts, f) }

func TestPages(t *testing.T) {
	b := Start(t)
	write := func(t *testing.T, text string) string {
		file := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return "file://" + file
	}

	t.Run("screens", func(t *testing.T) {
		address := write(t, sound)
		check := func(s Screen, title, color string, width float64) {
			t.Helper()
			p := b.Open(t, address, s)
			if got := Eval[string](p, "document.title"); got != title {
				t.Errorf("%+v: the title is %q, want %q", s, got, title)
			}
			if got := Eval[string](p, "getComputedStyle(document.querySelector('p')).color"); got != color {
				t.Errorf("%+v: the colour is %q, want %q", s, got, color)
			}
			if got := Eval[float64](p, "innerWidth"); got != width {
				t.Errorf("%+v: %v wide, want %v", s, got, width)
			}
			if got := p.Requests(); !slices.Equal(got, []string{address, "data:,"}) && !slices.Equal(got, []string{address}) {
				t.Errorf("requests %q", got)
			}
		}
		check(Screen{}, "run", "rgb(0, 0, 0)", 1280)
		check(Screen{Dark: true}, "run", "rgb(1, 2, 3)", 1280)
		check(Screen{Paper: true, Width: 700, Height: 900}, "run", "rgb(4, 5, 6)", 700)
		check(Screen{NoScript: true, Width: 2560, Height: 1440}, "sound", "rgb(0, 0, 0)", 2560)
	})

	// What must not be is seen.
	t.Run("trouble", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		defer server.Close()
		check := func(text, want string, s Screen) {
			t.Helper()
			n := &noted{TB: t}
			p := b.Open(n, write(t, sound+text), s)
			p.Wait("document.readyState === 'complete'")
			for _, done := range slices.Backward(n.done) {
				done()
			}
			if got := strings.Join(n.texts, " "); !strings.Contains(got, want) || (want == "") != (got == "") {
				t.Errorf("%s: %q; want %q", text, got, want)
			}
		}
		check("", "", Screen{})
		check("<script>undefined.x</script>", "on the console", Screen{})
		check("<script>console.error('a')</script>", "on the console", Screen{})
		check("<script>console.error('a')</script>", "", Screen{Expect: func(text string) bool { return text == "error a" }})
		check("<img src='"+server.URL+"/x.png'>", "the page asks", Screen{})
		check("<img src=/tmp/y.png>", "the page asks", Screen{})
	})
}
