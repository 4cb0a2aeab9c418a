package page

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/browsertest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

var shots = flag.String("shots", "", "write pages and pictures of them into this `folder`, to be looked at")

// file writes a page to a file and gives its URL.
func file(t *testing.T, exp *bench.Experiment) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(name, []byte(render(t, exp, Extra{})), 0o644); err != nil {
		t.Fatal(err)
	}
	return "file://" + name
}

// eval gives the value of an expression in the page.
func eval[T any](p *browsertest.Page, expression string, args ...any) T {
	return browsertest.Eval[T](p, fmt.Sprintf(expression, args...))
}

// on the picture that is shown.
const visible = `[...document.querySelectorAll('svg.memory')].find(s => s.getBoundingClientRect().width > 0)`

func TestBrowser(t *testing.T) {
	b := browsertest.Start(t)
	exp := made{rounds: 7}.experiment()
	address := file(t, exp)
	for name, test := range map[string]func(*testing.T, *browsertest.Browser, *bench.Experiment, string){
		"first screen": firstScreen, "curves": curvesDrawn, "values": values, "zoom": zoom, "keys": keys, "touch": touch, "variants": variants,
		"sort": sortTable, "trial": openTrial, "widths": widths, "dark": dark, "paper": paper, "without script": withoutScript, "replaced": replaced,
		"trade": tradeRead,
	} {
		t.Run(name, func(t *testing.T) { test(t, b, exp, address) })
	}
	t.Run("experiments", func(t *testing.T) { everyExperiment(t, b) })
	if *shots != "" {
		take(t, b)
	}
}

// The answer, the pictures and the table are seen at once, with and without a
// script.
func firstScreen(t *testing.T, b *browsertest.Browser, exp *bench.Experiment, address string) {
	for _, s := range []browsertest.Screen{{}, {NoScript: true}} {
		p := b.Open(t, address, s)
		for _, selector := range []string{".verdict", ".rests", "svg.memory.wide", "svg.peaks.wide", "#figures", "#figures tbody tr:last-child td:last-child"} {
			box := eval[[]float64](p, `(() => { const r = document.querySelector(%q).getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] })()`, selector)
			if box[0] < 0 || box[1] < 0 || box[2] > 1280 || box[3] > 800 || box[2] <= box[0] || box[3] <= box[1] {
				t.Errorf("%s is at %v", selector, box)
			}
		}
		text := eval[string](p, `document.querySelector('#answer').innerText`)
		if want := closer(report.Summarize(exp).Verdict().Text); !strings.Contains(text, want) {
			t.Errorf("the answer is %q, want %q", text, want)
		}
	}
}

// Each variant's curve goes as far in time and as high as its data.
func curvesDrawn(t *testing.T, b *browsertest.Browser, exp *bench.Experiment, address string) {
	p := b.Open(t, address, browsertest.Screen{})
	curves := report.Summarize(exp).Curves(lineSteps, 0)
	for i, c := range curves.Rows {
		got := eval[[]float64](p, `(() => {
			const plot = %s.querySelector('.plot'), line = plot.querySelector('.line[data-row="%d"]').getBBox(), band = plot.querySelector('.band[data-row="%d"]').getBBox();
			const s = Number(plot.dataset.seconds), m = Number(plot.dataset.bytes), h = Number(plot.dataset.height);
			return [line.x * s, (line.x + line.width) * s, (h - band.y) * m];
		})()`, visible, i, i)
		last := c.Line[len(c.Line)-1].At.Seconds()
		top := 0.0
		for _, point := range c.Line {
			top = max(top, point.Hi)
		}
		near := func(what string, got, want, within float64) {
			if math.Abs(got-want) > within {
				t.Errorf("%s of %s: %v, want %v", what, c.Row.Name(), got, want)
			}
		}
		near("start", got[0], 0, 1)
		near("end", got[1], last, 1)
		near("top", got[2], top, 0.01*top)
	}
}

// at gives the place on the screen of a share of the curves' width, in the middle
// of their height.
func at(p *browsertest.Page, share float64) (x, y float64) {
	box := eval[[]float64](p, `(() => {
		const svg = %s, plot = svg.querySelector('.plot'), r = svg.getBoundingClientRect(), k = r.width / svg.viewBox.baseVal.width;
		const n = name => Number(plot.getAttribute(name)) * k;
		return [r.left + n('x'), r.top + n('y'), n('width'), n('height')];
	})()`, visible)
	return box[0] + share*box[2], box[1] + box[3]/2
}

// tip reads what is said beside the pointer: a time, and a text per variant.
func tip(p *browsertest.Page) (seconds float64, said map[string]string) {
	lines := eval[[]string](p, `[...document.querySelectorAll('.tip:not(.hidden) > *')].map(e => [...e.childNodes].map(n => n.textContent).join('|'))`)
	said = map[string]string{}
	for i, line := range lines {
		if i == 0 {
			fmt.Sscanf(line, "%f", &seconds)
			continue
		}
		name, value, _ := strings.Cut(line, "|")
		said[name] = value
	}
	return seconds, said
}

// mid is what a variant's line has at a time, as the page says it.
func mid(c *report.Curve, seconds float64) string {
	best := c.Line[0]
	for _, point := range c.Line {
		if math.Abs(point.At.Seconds()-seconds) < math.Abs(best.At.Seconds()-seconds) {
			best = point
		}
	}
	v := mib(best.Mid)
	if v < 10 {
		return fmt.Sprintf("%.1f MiB", v)
	}
	return fmt.Sprintf("%.0f MiB", math.Floor(v+0.5))
}

// verifyValues holds what is said of a time against the data.
func verifyValues(t *testing.T, exp *bench.Experiment, p *browsertest.Page) float64 {
	t.Helper()
	seconds, said := tip(p)
	curves := report.Summarize(exp).Curves(lineSteps, 0)
	for _, c := range curves.Rows {
		// The time that is said is rounded.
		want := []string{mid(c, seconds-0.05), mid(c, seconds), mid(c, seconds+0.05)}
		if seconds > c.Length.Seconds()+1 {
			want = []string{"–"}
		}
		if !slices.Contains(want, said[c.Row.Name()]) {
			t.Errorf("at %v s %s is said to be at %q, want %q", seconds, c.Row.Name(), said[c.Row.Name()], want[0])
		}
	}
	return seconds
}

// Under the pointer stand the values of the data.
func values(t *testing.T, b *browsertest.Browser, exp *bench.Experiment, address string) {
	p := b.Open(t, address, browsertest.Screen{})
	last := -1.0
	for _, share := range []float64{0.03, 0.2, 0.45, 0.7, 0.97} {
		x, y := at(p, share)
		p.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
		p.Wait(`document.querySelector('.tip:not(.hidden)') !== null`)
		if now := verifyValues(t, exp, p); now <= last {
			t.Errorf("further to the right is %v s, after %v s", now, last)
		} else {
			last = now
		}
	}
	p.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 5, 5))
	p.Wait(`document.querySelector('.tip.hidden') !== null`)
}

// window gives what the curves show: from and to in seconds, by the drawing, and
// the first and last time on the axis.
func window(p *browsertest.Page) (from, to float64, labels []string) {
	box := eval[[]float64](p, `(() => { const plot = %s.querySelector('.plot'), v = plot.viewBox.baseVal, s = Number(plot.dataset.seconds); return [v.x * s, (v.x + v.width) * s] })()`, visible)
	return box[0], box[1], eval[[]string](p, `[...%s.querySelectorAll('g.x text')].map(e => e.textContent)`, visible)
}

// A stretch can be looked at closely, by buttons, the wheel and a drag, and all
// comes back.
func zoom(t *testing.T, b *browsertest.Browser, _ *bench.Experiment, address string) {
	p := b.Open(t, address, browsertest.Screen{})
	first, end, labels := window(p)
	whole := func(how string) {
		t.Helper()
		from, to, now := window(p)
		if from != first || to != end || !slices.Equal(now, labels) {
			t.Errorf("%s: %v to %v with %q, want %v to %v with %q", how, from, to, now, first, end, labels)
		}
	}
	closer := func(how string) {
		t.Helper()
		from, to, now := window(p)
		if to-from > 0.7*(end-first) || slices.Equal(now, labels) {
			t.Errorf("%s: %v to %v with %q, which is no closer", how, from, to, now)
		}
		for i, text := range now {
			var v float64
			if _, err := fmt.Sscanf(text, "%f", &v); err != nil || v < from-1 || v > to+1 {
				t.Errorf("%s: the axis says %q between %v and %v", how, text, from, to)
			}
			if strings.HasSuffix(text, " s") != (i == len(now)-1) {
				t.Errorf("%s: the axis says %q", how, now)
			}
		}
	}
	click := func(label string) { p.Do(chromedp.Click(chromedp.CSS(`.tools button[aria-label="` + label + `"]`))) }
	click("zoom in")
	closer("the button")
	click("zoom out")
	whole("the other button")

	x1, y := at(p, 0.3)
	x2, _ := at(p, 0.5)
	p.Do(chromedp.DragAndDropXY(x1, y, x2, y, 5))
	closer("a drag")
	if from, to, _ := window(p); math.Abs(from-0.3*end) > 0.02*end || math.Abs(to-0.5*end) > 0.02*end {
		t.Errorf("a drag from 30 %% to 50 %% of %v s shows %v to %v s", end, from, to)
	}
	// What is drawn beside the curves goes with them.
	if got := eval[float64](p, `(() => { const a = %s.querySelector('.along').viewBox.baseVal, v = %s.querySelector('.plot').viewBox.baseVal; return Math.abs(a.x - v.x) + Math.abs(a.width - v.width) })()`, visible, visible); got > 0.01 {
		t.Errorf("the batches are off the curves by %v", got)
	}
	p.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, (x1+x2)/2, y))
	p.Wait(`document.querySelector('.tip:not(.hidden)') !== null`)
	if seconds, _ := tip(p); math.Abs(seconds-0.4*end) > 0.02*end {
		t.Errorf("in the middle of a stretch around %v s it is %v s", 0.4*end, seconds)
	}
	click("show the whole time")
	whole("the reset")

	eval[bool](p, `document.querySelector('.over-time .canvas').dispatchEvent(new WheelEvent('wheel', { deltaY: -100, ctrlKey: true, clientX: %v, clientY: %v, bubbles: true, cancelable: true }))`, x1, y)
	if from, to, _ := window(p); to-from > 0.9*(end-first) {
		t.Errorf("the wheel: %v to %v", from, to)
	}
}

// All of that goes by keys, and is said.
func keys(t *testing.T, b *browsertest.Browser, exp *bench.Experiment, address string) {
	p := b.Open(t, address, browsertest.Screen{})
	press := func(key string) { p.Do(chromedp.KeyEvent(key)) }
	press(kb.Tab)
	if got := eval[string](p, `document.activeElement.className`); got != "skip" {
		t.Errorf("the first stop is %q, want the link that skips", got)
	}
	if box := eval[float64](p, `document.activeElement.getBoundingClientRect().left`); box < 0 {
		t.Error("the link that skips is not seen")
	}
	for range 40 {
		if press(kb.Tab); eval[bool](p, `document.activeElement.matches('.over-time .canvas')`) {
			break
		}
	}
	if !eval[bool](p, `document.activeElement.matches('.over-time .canvas:focus-visible') && getComputedStyle(document.activeElement).outlineStyle !== 'none'`) {
		t.Fatal("the curves cannot be reached by Tab, or it is not seen")
	}
	for range 3 {
		press(kb.ArrowRight)
	}
	first := verifyValues(t, exp, p)
	press(kb.End)
	if last := verifyValues(t, exp, p); last <= first {
		t.Errorf("End is at %v s, after %v s", last, first)
	}
	if said := eval[string](p, `document.querySelector('[aria-live]').textContent`); !strings.Contains(said, "musl ") {
		t.Errorf("what is said is %q", said)
	}
	_, end, _ := window(p)
	press("+")
	if from, to, _ := window(p); to-from > 0.6*end {
		t.Errorf("+ shows %v to %v", from, to)
	}
	press(kb.Escape)
	if from, to, _ := window(p); from != 0 || to != end {
		t.Errorf("Escape shows %v to %v", from, to)
	}
	// Whatever can be done can be reached, and is seen to be.
	unseen := eval[[]string](p, `[...document.querySelectorAll('button:not(.hidden), a[href], [tabindex="0"]')].filter(e => e.tabIndex < 0 || !(e.textContent.trim() || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby'))).map(e => e.outerHTML.slice(0, 100))`)
	if len(unseen) > 0 {
		t.Errorf("without a name or a stop: %q", unseen)
	}
}

// A finger reads values.
func touch(t *testing.T, b *browsertest.Browser, exp *bench.Experiment, address string) {
	p := b.Open(t, address, browsertest.Screen{Width: 360, Height: 740, Touch: true})
	p.Do(chromedp.ScrollIntoView(chromedp.CSS("svg.memory.narrow")))
	x, y := at(p, 0.4)
	p.Do(chromedp.TapXY(x, y))
	p.Wait(`document.querySelector('.tip:not(.hidden)') !== null`)
	verifyValues(t, exp, p)
	if right := eval[float64](p, `document.querySelector('.tip').getBoundingClientRect().right`); right > 360 {
		t.Errorf("what is said ends at %v of 360 pixels", right)
	}
}

// A variant can be hidden, and comes back.
func variants(t *testing.T, b *browsertest.Browser, _ *bench.Experiment, address string) {
	p := b.Open(t, address, browsertest.Screen{})
	shown := func() string {
		return strings.Join(eval[[]string](p, `[...document.querySelectorAll('svg.wide [data-row="1"]')].map(e => getComputedStyle(e).display)`), " ")
	}
	before := shown()
	if strings.Contains(before, "none") || before == "" {
		t.Fatalf("jemalloc is shown as %q", before)
	}
	button := chromedp.CSS(`.tools button[title="jemalloc"]`)
	p.Do(chromedp.Click(button))
	if now := strings.ReplaceAll(shown(), "none", ""); strings.TrimSpace(now) != "" {
		t.Errorf("hidden, jemalloc is shown as %q", shown())
	}
	if got := eval[string](p, `document.querySelector('.tools button[title="jemalloc"]').getAttribute('aria-pressed')`); got != "false" {
		t.Errorf("its button is pressed: %q", got)
	}
	x, y := at(p, 0.4)
	p.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
	if _, said := tip(p); len(said) != 2 || said["jemalloc"] != "" {
		t.Errorf("with jemalloc hidden, the values are %q", said)
	}
	p.Do(chromedp.Click(button))
	if now := shown(); now != before {
		t.Errorf("shown again, jemalloc is shown as %q", now)
	}
}

// A point of the trade tells its figures where it is pointed at; without a script
// the browser has its title.
func tradeRead(t *testing.T, b *browsertest.Browser, exp *bench.Experiment, address string) {
	p := b.Open(t, address, browsertest.Screen{Width: 1280, Height: 1600})
	want := ""
	for _, point := range report.Summarize(exp).Trade().Points {
		if point.Row.Variant == "jemalloc" {
			want = point.Text
		}
	}
	box := eval[[]float64](p, `(() => { const r = document.querySelector('.trade-of svg.wide .point[data-row="1"] > .mark').getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2] })()`)
	p.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, box[0], box[1]))
	got := eval[string](p, `[...document.querySelector('.trade-of .tip').children].map(e => e.textContent).join(", ")`)
	if got != "jemalloc, "+want || want == "" {
		t.Errorf("pointed at, it says %q; want %q", got, want)
	}
	p.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 5, 5))
	if !eval[bool](p, `document.querySelector('.trade-of .tip').classList.contains('hidden')`) {
		t.Error("what it said stays")
	}
	p = b.Open(t, address, browsertest.Screen{NoScript: true})
	if got := eval[string](p, `document.querySelector('.trade-of svg.wide .point[data-row="1"] > title').textContent`); got != "jemalloc: "+want {
		t.Errorf("without a script its title is %q", got)
	}
}

// A table is sorted by its figures.
func sortTable(t *testing.T, b *browsertest.Browser, _ *bench.Experiment, address string) {
	p := b.Open(t, address, browsertest.Screen{})
	check := func(want, order string) {
		t.Helper()
		names := strings.Join(eval[[]string](p, `[...document.querySelectorAll('#figures tbody .name')].map(e => e.textContent.trim())`), " ")
		state := eval[string](p, `document.querySelector('#figures thead th:nth-child(2)').getAttribute('aria-sort') ?? ''`)
		if names != want || state != order {
			t.Errorf("the rows are %s, sorted %q; want %s, %q", names, state, want, order)
		}
	}
	click := func() { p.Do(chromedp.Click(chromedp.CSS(`#figures thead th:nth-child(2) button`))) }
	check("libc jemalloc musl", "")
	click()
	check("musl jemalloc libc", "ascending")
	click()
	check("libc jemalloc musl", "descending")
	click()
	check("libc jemalloc musl", "")
	p.Do(chromedp.Focus(chromedp.CSS(`#trials thead th:nth-child(4) button`)), chromedp.KeyEvent(kb.Enter))
	figures := eval[[]string](p, `[...document.querySelectorAll('#trials tbody td:nth-child(4)')].map(e => e.textContent)`)
	if !slices.IsSortedFunc(figures, func(a, b string) int { return len(a) - len(b) + strings.Compare(a, b)*boolInt(len(a) == len(b)) }) || len(figures) != 21 {
		t.Errorf("the trials by their peaks: %q", figures)
	}
}

func boolInt(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// A single trial is drawn into the curves.
func openTrial(t *testing.T, b *browsertest.Browser, exp *bench.Experiment, address string) {
	p := b.Open(t, address, browsertest.Screen{})
	drawn := func() int {
		return eval[int](p, `document.querySelectorAll('svg.memory.wide .chosen').length`)
	}
	p.Do(chromedp.Click(chromedp.CSS(`#t2-4 .round button`)))
	if drawn() != 1 || eval[string](p, `document.querySelector('#t2-4 .round button').getAttribute('aria-pressed')`) != "true" {
		t.Fatal("the trial is not drawn")
	}
	peak := 0.0
	for _, thread := range report.Summarize(exp).Curves(lineSteps, mostThreads).Rows[2].Threads {
		if thread.Round == 4 {
			peak = thread.Highest
		}
	}
	got := eval[float64](p, `(() => { const plot = document.querySelector('svg.memory.wide .plot'); return (Number(plot.dataset.height) - plot.querySelector('.chosen').getBBox().y) * Number(plot.dataset.bytes) })()`)
	if math.Abs(got-peak) > 0.01*peak {
		t.Errorf("the trial's highest reading is drawn at %v, want %v", got, peak)
	}
	p.Wait(`(r => r.top >= 0 && r.top < innerHeight / 2)(document.querySelector('svg.memory.wide').getBoundingClientRect())`) // it scrolls there
	p.Do(chromedp.Click(chromedp.CSS(`.tools button[aria-label="close the trial"]`)))
	if drawn() != 0 {
		t.Error("the trial cannot be closed")
	}
	eval[bool](p, `document.querySelector('svg.peaks.wide [data-row="1"] [data-round="2"]').dispatchEvent(new MouseEvent('click', { bubbles: true }))`)
	if drawn() != 1 || !eval[bool](p, `document.querySelector('#t1-2 .round [aria-pressed="true"]') !== null`) {
		t.Error("a dot does not open its trial")
	}
}

// No width makes the page scroll sideways.
func widths(t *testing.T, b *browsertest.Browser, _ *bench.Experiment, address string) {
	for _, s := range []browsertest.Screen{
		{Width: 360, Height: 740, Touch: true}, {Width: 360, Height: 740, NoScript: true}, {Width: 620, Height: 800}, {Width: 901, Height: 800}, {Width: 1280, Height: 800}, {Width: 2560, Height: 1440},
	} {
		p := b.Open(t, address, s)
		if got := eval[int64](p, `document.documentElement.scrollWidth`); got > s.Width {
			t.Errorf("the page is %d wide on %d pixels", got, s.Width)
		}
		small := eval[[]string](p, `[...document.querySelectorAll('svg text, p, td, th, dd, button')].filter(e => e.getBoundingClientRect().width > 0 && !e.closest('.along')).filter(e => {
			const svg = e.ownerSVGElement, k = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
			return parseFloat(getComputedStyle(e).fontSize) * k < 9.5;
		}).map(e => e.textContent.slice(0, 40))`)
		if len(small) > 0 {
			t.Errorf("on %d pixels too small to be read: %q", s.Width, small)
		}
	}
}

// contrasts gives the least contrast of texts, by what they say, as WCAG 2.2
// defines it (1.4.3).
const contrasts = `(() => {
	const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	const colour = text => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
	const luminance = c => c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const ground = e => { for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
	const found = [];
	for (const e of document.querySelectorAll('body *')) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || e.closest('script, style, title, desc, .hidden, :disabled') || !e.getClientRects().length) continue;
		const style = getComputedStyle(e), [a, b] = [luminance(colour(e.ownerSVGElement ? style.fill : style.color)), luminance(ground(e))].sort((a, b) => b - a);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < 4.5) found.push(ratio.toFixed(2) + ' ' + e.textContent.trim().slice(0, 40));
	}
	return found;
})()`

// Dark is another look, and in both every text can be read.
func dark(t *testing.T, b *browsertest.Browser, _ *bench.Experiment, address string) {
	look := map[bool]string{}
	for _, dark := range []bool{false, true} {
		p := b.Open(t, address, browsertest.Screen{Dark: dark})
		look[dark] = strings.Join(eval[[]string](p, `[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color, getComputedStyle(document.querySelector('.plot .line')).stroke]`), " ")
		if pale := eval[[]string](p, contrasts); len(pale) > 0 {
			t.Errorf("dark %v: too pale: %q", dark, pale)
		}
	}
	if look[false] == look[true] {
		t.Errorf("light and dark are both %s", look[true])
	}
	p := b.Open(t, address, browsertest.Screen{Still: true})
	if got := eval[string](p, `getComputedStyle(document.documentElement).scrollBehavior`); got != "auto" {
		t.Errorf("with reduced motion, scrolling is %s", got)
	}
}

// On paper everything is there, light, and nothing that paper cannot do.
func paper(t *testing.T, b *browsertest.Browser, _ *bench.Experiment, address string) {
	p := b.Open(t, address, browsertest.Screen{Dark: true, Paper: true, Width: 720, Height: 1000})
	if got := eval[string](p, `getComputedStyle(document.body).backgroundColor`); got != "rgb(255, 255, 255)" {
		t.Errorf("paper is %s", got)
	}
	if left := eval[[]string](p, `[...document.querySelectorAll('button, .skip, .tip')].filter(e => e.closest('.tools, .tip, .skip') && e.getClientRects().length).map(e => e.outerHTML.slice(0, 80))`); len(left) > 0 {
		t.Errorf("paper has %q", left)
	}
	if cut := eval[[]string](p, `[...document.querySelectorAll('.scroll')].filter(e => getComputedStyle(e).overflowY !== 'visible' || e.scrollHeight > e.clientHeight + 1).map(e => e.textContent.slice(0, 40))`); len(cut) > 0 {
		t.Errorf("cut off on paper: %q", cut)
	}
	if wide := eval[float64](p, `document.documentElement.scrollWidth`); wide > 720 {
		t.Errorf("a table is %v wide on 720 pixels", wide)
	}
	pdf, err := chromedp.Run(p.Context, chromedp.PrintToPDF())
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
		t.Errorf("printed: %d bytes, %v", len(pdf), err)
	}
}

// Without a script there is the same to read, and nothing that does not work.
func withoutScript(t *testing.T, b *browsertest.Browser, _ *bench.Experiment, address string) {
	with, without := b.Open(t, address, browsertest.Screen{}), b.Open(t, address, browsertest.Screen{NoScript: true})
	const text = `[...document.querySelectorAll('#report h1, #report h2, #report h3, #report p:not([aria-live]), #report dd, #report td, #report th .label, #report th .name, #report li, #report pre')].map(e => e.textContent.trim()).join('\n')`
	if a, b := eval[string](with, text), eval[string](without, text); a != b {
		t.Error("a script changes what there is to read")
	}
	if n := eval[int](without, `document.querySelectorAll('button').length`); n > 0 {
		t.Errorf("%d buttons that do nothing", n)
	}
	if n := eval[int](without, `document.querySelectorAll('svg.memory.wide .line').length`); n != 3 {
		t.Errorf("%d curves", n)
	}
}

// What a reader has chosen stays when a live page replaces the report.
func replaced(t *testing.T, b *browsertest.Browser, _ *bench.Experiment, address string) {
	p := b.Open(t, address, browsertest.Screen{})
	p.Do(chromedp.Click(chromedp.CSS(`.tools button[title="musl"]`)), chromedp.Click(chromedp.CSS(`.tools button[aria-label="zoom in"]`)),
		chromedp.Click(chromedp.CSS(`#figures thead th:nth-child(2) button`)), chromedp.Click(chromedp.CSS(`#t1-3 .round button`)))
	from, to, _ := window(p)
	other := made{rounds: 8}.experiment()
	var body bytes.Buffer
	if err := Body(&body, other); err != nil {
		t.Fatal(err)
	}
	eval[bool](p, `(() => { const root = document.getElementById('report'); root.innerHTML = %q; stepper.enhance(root); stepper.enhance(root); return true })()`, body.String())
	if got := eval[int](p, `document.querySelectorAll('#trials tbody tr').length`); got != 24 {
		t.Errorf("%d trials, want those of the new report", got)
	}
	if got := eval[[]string](p, `[...document.querySelectorAll('.tools [aria-pressed="false"]')].map(e => e.title)`); !slices.Equal(got, []string{"musl"}) {
		t.Errorf("hidden: %q", got)
	}
	if f, u, _ := window(p); math.Abs(f-from) > 1 || math.Abs(u-to) > 1 {
		t.Errorf("%v to %v s, want %v to %v s", f, u, from, to)
	}
	if got := eval[string](p, `document.querySelector('#figures [aria-sort]').textContent + document.querySelector('.chosen').dataset.row + document.querySelectorAll('#figures button').length`); got != "peak RSS MiB110" {
		t.Errorf("sorted, picked out and sortable: %q", got)
	}
}

// Pages of all kinds of experiments ask for nothing, print no error and fit a
// phone.
func everyExperiment(t *testing.T, b *browsertest.Browser) {
	for name, exp := range experiments() {
		t.Run(name, func(t *testing.T) {
			address := file(t, exp)
			p := b.Open(t, address, browsertest.Screen{})
			if n := eval[int](p, `document.querySelectorAll('#figures tbody tr').length`); n != len(exp.Design.Variants) {
				t.Errorf("%d rows", n)
			}
			if got := eval[int64](b.Open(t, address, browsertest.Screen{Width: 360, Height: 740, Dark: true}), `document.documentElement.scrollWidth`); got > 360 {
				t.Errorf("the page is %d wide on 360 pixels", got)
			}
		})
	}
}

// take writes pages, and pictures of them, for people to look at.
func take(t *testing.T, b *browsertest.Browser) {
	for name, exp := range experiments() {
		base := filepath.Join(*shots, name)
		if err := os.WriteFile(base+".html", []byte(render(t, exp, Extra{})), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(*shots, "*.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".html")
		save := func(what string, s browsertest.Screen, all bool) {
			b.Open(t, "file://"+file, s).Save(base+"-"+what+".png", all)
		}
		save("light", browsertest.Screen{}, false)
		save("whole", browsertest.Screen{}, true)
		save("dark", browsertest.Screen{Dark: true}, false)
		save("phone", browsertest.Screen{Width: 360, Height: 740, Touch: true}, false)
		save("phone-long", browsertest.Screen{Width: 360, Height: 2200, Dark: true}, false)
		save("large", browsertest.Screen{Width: 2560, Height: 1440}, false)
		save("paper", browsertest.Screen{Paper: true, Width: 720, Height: 1000}, true)
	}
}
