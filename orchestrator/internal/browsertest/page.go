package browsertest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Screen is what a page is shown on. The zero value is 1280 × 800, light, with a
// mouse.
type Screen struct {
	Width, Height int64 // CSS pixels
	Dark          bool
	Paper         bool // the styles of print
	Still         bool // reduced motion
	Touch         bool // a phone: fingers, and no mouse
	NoScript      bool
	// Allow says of a request beyond the page's own whether it may be made; nil:
	// none may. A page's own are its URL, those to the same server, and what is
	// within the page, such as data: URLs.
	Allow func(url string) bool
	// Expect says of an error on the console whether the test means it to be
	// there; nil: none is.
	Expect func(text string) bool
}

// Page is a page in a tab.
type Page struct {
	Context context.Context // for actions of chromedp; ends with the test
	URL     string

	t      testing.TB
	screen Screen

	mu       sync.Mutex
	requests []string
	errors   []string
}

// Open shows a URL and waits until it is loaded. At the end of the test the page
// is closed, and the test fails if it has made a request or printed an error that
// it may not.
func (b *Browser) Open(t testing.TB, address string, s Screen) *Page {
	t.Helper()
	if s.Width == 0 {
		s.Width, s.Height = 1280, 800
	}
	ctx, cancel := chromedp.NewContext(b.ctx)
	p := &Page{Context: ctx, URL: address, t: t, screen: s}
	t.Cleanup(func() {
		cancel()
		p.verify()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	p.emulate()
	p.Do(chromedp.Navigate(address))
	return p
}

// emulate makes the tab a screen.
func (p *Page) emulate() {
	p.t.Helper()
	s := p.screen
	options := []chromedp.EmulateViewportOption{}
	if s.Touch {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	p.Do(chromedp.EmulateViewport(s.Width, s.Height, options...))
	p.must(call(p.Context, network.Enable, network.EnableParams{}))
	p.Look(s.Dark, s.Paper)
	p.must(call(p.Context, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: s.NoScript}))
}

// Look changes the colours and the medium of a page that is shown.
func (p *Page) Look(dark, paper bool) {
	p.t.Helper()
	choose := func(yes bool, this, that string) string {
		if yes {
			return this
		}
		return that
	}
	p.must(call(p.Context, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: choose(paper, "print", "screen"),
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: choose(dark, "dark", "light")},
			{Name: "prefers-reduced-motion", Value: choose(p.screen.Still, "reduce", "no-preference")},
		},
	}))
}

// hear notes what a page does. It is called while the browser waits.
func (p *Page) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *network.EventWebSocketCreated:
		p.requests = append(p.requests, e.URL)
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
		p.errors = append(p.errors, text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			var text strings.Builder
			text.WriteString(string(e.Type))
			for _, arg := range e.Args {
				text.WriteString(" " + strings.Trim(string(arg.Value), `"`) + arg.Description)
			}
			p.errors = append(p.errors, text.String())
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.errors = append(p.errors, e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

// Requests lists the URLs that were asked for so far, that of the page first.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requests...)
}

// Errors lists what was printed on the console so far as an error or a warning,
// and exceptions that nobody caught.
func (p *Page) Errors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.errors...)
}

// verify fails the test for requests and errors that may not be.
func (p *Page) verify() {
	p.t.Helper()
	for _, asked := range p.Requests() {
		if !own(p.URL, asked) && (p.screen.Allow == nil || !p.screen.Allow(asked)) {
			p.t.Errorf("the page asks for %.200s", asked)
		}
	}
	for _, text := range p.Errors() {
		if p.screen.Expect == nil || !p.screen.Expect(text) {
			p.t.Errorf("on the console: %.1000s", text)
		}
	}
}

// own says whether a request is one of the page's own.
func own(page, asked string) bool {
	of, err := url.Parse(page)
	if err != nil {
		return false
	}
	to, err := url.Parse(asked)
	if err != nil {
		return false
	}
	switch to.Scheme {
	case "data", "blob", "about":
		return true
	case "file":
		return of.Scheme == "file" && of.Path == to.Path
	}
	return of.Scheme == to.Scheme && of.Host == to.Host
}

// Do carries out actions, and fails the test if one does not succeed in time.
func (p *Page) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.Context, patience)
	defer cancel()
	p.must(chromedp.Do(ctx, actions...))
}

// Wait waits until a JavaScript expression is true.
func (p *Page) Wait(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.Context, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience))); err != nil {
		p.t.Fatalf("wait for %s: %v", expression, err)
	}
}

// Eval gives the value of a JavaScript expression.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.Context, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%.300s: %v", expression, err)
	}
	return value
}

// Save writes a picture of the page to a PNG file: of what the screen shows, or of
// all of it.
func (p *Page) Save(file string, all bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.Context, patience)
	defer cancel()
	action := chromedp.CaptureScreenshot()
	if all {
		action = chromedp.FullScreenshot(100)
	}
	picture, err := chromedp.Run(ctx, action)
	p.must(err)
	p.must(os.WriteFile(file, picture, 0o644))
}

func (p *Page) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(fmt.Errorf("%s: %w", p.URL, err))
	}
}

// call sends a command to a tab in time, for its effect.
func call[P, R any](ctx context.Context, command cdp.Command[P, R], params P) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, command, params)
	return err
}
