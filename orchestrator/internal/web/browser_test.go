package web

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/browsertest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

var shots = flag.String("shots", "", "write pictures of the live page into this `folder`, to be looked at")

// shown serves a site on a real address until the end of the test.
func shown(t *testing.T, at Address) *Site {
	t.Helper()
	s, err := Listen(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// play is a run of three variants, told as far as a test wants it.
type play struct {
	t     *testing.T
	site  *Site
	names []string
	began time.Time
	all   []store.Record
}

func newPlay(t *testing.T, s *Site) *play {
	return &play{t: t, site: s, names: names, began: time.Now().Add(-5 * time.Minute)}
}

// put has the site take a record in at an offset from the run's begin.
func (p *play) put(at time.Duration, of store.Of, records ...any) {
	p.t.Helper()
	for _, what := range records {
		r := store.Record{Of: of, What: what}
		p.all = append(p.all, r)
		if err := p.site.take(r, nil, p.began.Add(at)); err != nil {
			p.t.Fatal(err)
		}
	}
}

// images has the images made, up to the last.
func (p *play) images() {
	p.put(0, store.Of{}, store.Engine{Text: "docker 20.10.24", Storage: "overlay2"})
	p.put(2*time.Second, store.Of{}, store.Step{Variant: "base", Kind: store.StepReused, Text: "debian:bookworm-slim"})
	p.put(2*time.Second, store.Of{}, store.Step{Variant: "libc", Kind: store.StepBuilding, Text: "Dockerfile.libc"})
	p.put(24*time.Second, store.Of{}, store.Step{Variant: "libc", Kind: store.StepBuilt, Text: "stair-stepper:libc", Took: 22 * time.Second})
	p.put(4*time.Minute+48*time.Second, store.Of{}, store.Step{Variant: "jemalloc", Kind: store.StepBuilding, Text: "Dockerfile.jemalloc"},
		store.Step{Variant: "jemalloc", Kind: store.StepLog, Text: "Step 4/9 : RUN go build -o /stepper ./services/stepper <b>"})
}

// names are the variants; the last wants to be more than a name.
var names = []string{"libc", "jemalloc", "<i>musl"}

const sec = time.Second

// begin tells what is run, and begins the first round.
func (p *play) begin() {
	h := store.Header{
		Schema: store.Schema, RunID: "20261123-101205-7f3a", Command: "go run ./orchestrator compare --serve", Started: p.began,
		Design: bench.Design{
			Baseline: "libc", Rounds: 3, Batches: 2, Pause: 5 * sec, Idle: 30 * sec, Sleep: 450 * time.Millisecond, Workers: 10,
			Threads: bench.Hop, Transport: bench.Unix, SampleEvery: 50 * time.Millisecond, Mode: bench.Together,
		},
		Environment: bench.Environment{OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "6.18.5", Arch: "amd64", CPUs: 2, MemoryTotal: 23 * bench.GiB, CgroupV: 1, THP: "madvise", Engine: "docker", EngineV: "20.10.24", GoVersion: "go1.26.8"},
		Plan: bench.Plan{
			File: "benchmark.yml", SHA256: strings.Repeat("3f9a1c2b", 8), Tags: []string{"medium"}, Concurrency: 16, Iterations: 480,
			Items: []bench.PlanItem{{Name: "medium", Method: "POST", URL: "/widgets", BodyBytes: 604_655}},
		},
	}
	for _, name := range p.names {
		h.Design.Variants = append(h.Design.Variants, bench.Variant{Name: name, Dockerfile: "Dockerfile." + name})
	}
	p.put(0, store.Of{}, h)
}

// length is how long a round of the play takes.
const length = 92 * sec

// round plays a round, from the begin of its trials up to an offset.
func (p *play) round(number int, until time.Duration) {
	begin := time.Duration(number-1) * 60 * sec
	p.put(begin, store.Of{}, store.Round{Number: number, Order: p.names})
	for i, name := range p.names {
		p.trial(begin, store.Of{Variant: name, Round: number}, i, until)
	}
	if until >= length {
		p.put(begin+60*sec, store.Of{}, store.Judged{Round: number, Rounds: 3, Took: 60 * sec})
	}
}

// trial plays one trial: warm-up, two batches of 24 s with a pause, idle.
func (p *play) trial(begin time.Duration, of store.Of, index int, until time.Duration) {
	level := []float64{520, 350, 120}[index%3] * (1 + 0.03*math.Sin(float64(of.Round*7+index)))
	put := func(at time.Duration, what any) { p.put(begin+at, of, what) }
	put(0, store.Trial{Started: p.began.Add(begin), Container: "stepper-" + of.Variant, Image: "stair-stepper:" + of.Variant})
	put(0, bench.Proof{Promised: "glibc", Allocator: "glibc", Version: "2.36", Linkage: "linked", Libc: "glibc 2.36", Workers: 10, Threads: bench.Hop})
	phases := []bench.Phase{
		{Kind: bench.PhaseWarmup, Start: 0, End: 5 * sec},
		{Kind: bench.PhaseBatch, Batch: 1, Start: 5 * sec, End: 29 * sec},
		{Kind: bench.PhasePause, Batch: 1, Start: 29 * sec, End: 34 * sec},
		{Kind: bench.PhaseBatch, Batch: 2, Start: 34 * sec, End: 58 * sec},
		{Kind: bench.PhaseIdle, Batch: 2, Start: 58 * sec, End: 88 * sec},
	}
	for _, phase := range phases {
		if phase.Start >= until {
			return
		}
		open := phase
		open.End = 0
		put(phase.Start, open)
		over := min(phase.End, until)
		for at := phase.Start; at < over; at += 250 * time.Millisecond {
			into := (at - phase.Start).Seconds()
			memory := level * 0.05
			switch {
			case phase.Kind == bench.PhaseBatch:
				memory = level * (0.9 - 0.85*math.Exp(-into/2)) * (1 + 0.06*math.Sin(at.Seconds()*9) + 0.04*math.Sin(at.Seconds()*23))
			case index%3 < 2 && phase.Batch > 0:
				memory = level * (0.86 - 0.1*into/30)
			}
			put(at, bench.Sample{At: at, Anon: bench.Bytes(memory*float64(bench.MiB)) &^ 4095})
			if int(into*4)%4 == 0 {
				put(at, bench.Gauge{At: at, LiveRequested: bench.Bytes(level*0.2) * bench.MiB, LiveUsable: bench.Bytes(level*0.21) * bench.MiB})
			}
		}
		if over < phase.End {
			if phase.Kind == bench.PhaseBatch {
				put(over, store.Progress{Done: int(480 * (over - phase.Start) / (24 * sec)), Failed: index % 3 / 2 * 3})
			}
			return
		}
		put(phase.End, phase)
		if phase.Kind == bench.PhaseBatch {
			put(phase.End, bench.Batch{
				Number: phase.Batch, Start: phase.Start, End: phase.End, Requests: 480, CPU: 5 * sec, HighWater: bench.Bytes(level) * bench.MiB,
				Statuses: map[string]int{"201": 480}, Answers: map[string]int{"201/9": 480}, Errors: map[string]int{},
				Latency: bench.Latency{P50: 470e6, P90: 500e6, P99: 540e6, Max: 600e6}, Machine: &bench.Machine{Elapsed: 24 * sec, CPUs: 2},
			})
		}
	}
	put(88*sec, store.Ended{Sampler: bench.Sampler{Every: 50 * time.Millisecond, Taken: 352}})
}

// at turns the clock so that the play has just come to an offset in a round.
func (p *play) at(round int, offset time.Duration) {
	p.began = time.Now().Add(-time.Duration(round-1)*60*sec - offset)
}

// has waits until the page shows a text.
func has(p *browsertest.Page, text string) {
	p.Wait(fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// comes waits for what holds on a page that may load another meanwhile.
func comes(t *testing.T, p *browsertest.Page, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.Context, 30*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && yes {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not come", expression)
}

func TestBrowser(t *testing.T) {
	b := browsertest.Start(t)
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){
		"fills": fills, "others": others, "reconnects": reconnects, "ends": ends, "over": over, "hidden": hidden, "without script": withoutScript, "widths": widths,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
	if *shots != "" {
		takeShots(t, b)
	}
}

// A page that was opened before anything happened fills as it does, and its report
// lives.
func fills(t *testing.T, b *browsertest.Browser) {
	site := shown(t, Address{Host: "127.0.0.1"})
	page := b.Open(t, site.URL(), browsertest.Screen{})
	has(page, "Waiting for the engine")
	has(page, "The figures come with the first trial that ends")
	run := newPlay(t, site)
	run.images()
	has(page, "Building image jemalloc")
	has(page, "services/stepper <b>")
	run.at(2, 40*sec)
	run.begin()
	run.round(1, 40*sec)
	has(page, "Round 1 of 3")
	has(page, "batch 2 of 2")
	has(page, "<i>musl")
	page.Wait(`[...document.querySelectorAll('.now-plot .line')].every(e => e.getAttribute('d').length > 100)`)
	if got := browsertest.Eval[int](page, `document.querySelectorAll('.now-lanes li').length`); got != len(names) {
		t.Errorf("%d variants", got)
	}
	run.round(1, length)
	page.Wait(`document.querySelector('#trials') !== null`)
	point := browsertest.Eval[[]float64](page, `(() => { const s = [...document.querySelectorAll('svg.memory')].find(s => s.getBoundingClientRect().width > 0);
		s.scrollIntoView({block: 'center', behavior: 'instant'}); const b = s.querySelector('.plot').getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2] })()`)
	page.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, point[0], point[1]))
	page.Wait(`document.querySelector('.tip:not(.hidden)') !== null`)

	// What a reader has chosen stays when there is more.
	page.Do(chromedp.Click(chromedp.CSS(`.tools button[title="jemalloc"]`)))
	page.Do(chromedp.Click(chromedp.CSS(`.now-log summary`)))
	run.round(2, length)
	page.Wait(`document.querySelectorAll('#trials tbody tr').length === 6`)
	has(page, "Round 2 of 3")
	if got := browsertest.Eval[string](page, `document.querySelector('.tools [aria-pressed="false"]').title + document.querySelector('.now-log').open`); got != "jemalloctrue" {
		t.Errorf("hidden and open: %q", got)
	}
}

// A second browser and a reload find all that there is.
func others(t *testing.T, b *browsertest.Browser) {
	site := shown(t, Address{Host: "127.0.0.1"})
	run := newPlay(t, site)
	run.at(2, 20*sec)
	run.begin()
	run.round(1, length)
	first := b.Open(t, site.URL(), browsertest.Screen{})
	run.round(2, 20*sec)
	for _, page := range []*browsertest.Page{first, b.Open(t, site.URL(), browsertest.Screen{Dark: true})} {
		has(page, "Round 2 of 3")
		page.Wait(`document.querySelectorAll('#trials tbody tr').length === 3`)
		page.Wait(`document.querySelector('.now-plot .line').getAttribute('d').length > 50`)
	}
	first.Do(chromedp.Reload())
	has(first, "Round 2 of 3")
	if got := browsertest.Eval[int](first, `document.querySelectorAll('#trials tbody tr').length`); got != 3 {
		t.Errorf("%d trials after a reload", got)
	}
	run.round(2, 36*sec)
	has(first, "batch 2 of 2")
}

// When the server is gone and comes back, the page says so and goes on.
func reconnects(t *testing.T, b *browsertest.Browser) {
	site, err := Listen(t.Context(), Address{Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	page := b.Open(t, site.URL(), browsertest.Screen{Expect: func(text string) bool { return strings.Contains(text, "ERR_") }})
	has(page, "Waiting for the engine")
	if err := site.Close(); err != nil {
		t.Fatal(err)
	}
	has(page, "Not connected")
	again := shown(t, site.at)
	run := newPlay(t, again)
	run.at(1, 20*sec)
	run.begin()
	run.round(1, 20*sec)
	// It is another server, so the page is loaded again.
	comes(t, page, `document.body.innerText.includes('Round 1 of 3') && !document.body.innerText.includes('Not connected')`)
}

// A server that ends says why before it does, and what was shown stays on the
// screen.
func ends(t *testing.T, b *browsertest.Browser) {
	site, err := Listen(t.Context(), Address{Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	page := b.Open(t, site.URL(), browsertest.Screen{})
	has(page, "Waiting for the engine")
	site.Failed("the engine went away")
	if err := site.Close(); err != nil {
		t.Fatal(err)
	}
	has(page, "the engine went away")
	if browsertest.Eval[bool](page, `document.body.innerText.includes('Not connected')`) {
		t.Error("it tries to reach a server that has said its last word")
	}
}

// When the run is over, the page becomes the saved one.
func over(t *testing.T, b *browsertest.Browser) {
	site := shown(t, Address{Host: "127.0.0.1"})
	run := newPlay(t, site)
	run.at(2, 0)
	run.begin()
	run.round(1, length)
	page := b.Open(t, site.URL(), browsertest.Screen{})
	has(page, "Round 1 of 3")
	dir := saved(t, false, run.all...)
	if err := site.Saved(dir); err != nil {
		t.Fatal(err)
	}
	comes(t, page, `document.getElementById('now') === null && document.readyState === 'complete'`)
	want := finished(t, dir)
	if got := browsertest.Eval[string](page, `document.getElementById('report').innerHTML`); !strings.Contains(got, "Everything measured") {
		t.Errorf("%.300s", got)
	}
	answer, err := http.Get(site.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got, err := io.ReadAll(answer.Body); err != nil || string(got) != want {
		t.Errorf("it is not the saved page: %v", err)
	}
}

// A page that nobody sees listens to nothing, and catches up when somebody does.
func hidden(t *testing.T, b *browsertest.Browser) {
	site := shown(t, Address{Host: "127.0.0.1"})
	page := b.Open(t, site.URL(), browsertest.Screen{})
	has(page, "Waiting for the engine")
	listening := func() int {
		site.hub.mu.Lock()
		defer site.hub.mu.Unlock()
		return len(site.streams)
	}
	until := func(want int) {
		t.Helper()
		for range 200 {
			if listening() == want {
				return
			}
			time.Sleep(25 * time.Millisecond)
		}
		t.Fatalf("%d browsers listen, want %d", listening(), want)
	}
	until(1)
	see := func(yes bool) {
		browsertest.Eval[bool](page, fmt.Sprintf(`(() => { Object.defineProperty(document, 'hidden', { value: %v, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); return true })()`, !yes))
	}
	see(false)
	until(0)
	newPlay(t, site).images()
	see(true)
	has(page, "Building image jemalloc")
	until(1)
}

// Without a script the page says all that it knows.
func withoutScript(t *testing.T, b *browsertest.Browser) {
	site := shown(t, Address{Host: "127.0.0.1"})
	run := newPlay(t, site)
	run.at(2, 20*sec)
	run.begin()
	run.round(1, length)
	run.round(2, 20*sec)
	page := b.Open(t, site.URL(), browsertest.Screen{NoScript: true})
	for _, text := range []string{"Round 2 of 3", "batch 1 of 2", "<i>musl", "Every trial", "300 / 480"} {
		if !browsertest.Eval[bool](page, fmt.Sprintf("document.body.innerText.includes(%q)", text)) {
			t.Errorf("there is no %q", text)
		}
	}
	// It loads itself again.
	run.round(2, 36*sec)
	comes(t, page, `document.body.innerText.includes('batch 2 of 2')`)
}

// Every stage fits a phone and a large screen.
func widths(t *testing.T, b *browsertest.Browser) {
	for name, stage := range stages {
		site := shown(t, Address{Host: "127.0.0.1"})
		stage(newPlay(t, site))
		for _, width := range []int64{360, 768, 2560} {
			page := b.Open(t, site.URL(), browsertest.Screen{Width: width, Height: 900})
			page.Wait(`document.readyState === 'complete'`)
			if got := browsertest.Eval[int64](page, `document.documentElement.scrollWidth`); got > width {
				t.Errorf("%s: %d wide on %d", name, got, width)
			}
		}
	}
}

// stages are what a page goes through.
var stages = map[string]func(*play){
	"images": func(p *play) { p.images() },
	"first": func(p *play) {
		p.at(1, 47*sec)
		p.begin()
		p.round(1, 47*sec)
	},
	"second": func(p *play) {
		p.at(2, 44*sec)
		p.begin()
		p.round(1, length)
		p.round(2, 44*sec)
	},
	"many": func(p *play) {
		p.names = append(p.names, "mimalloc", "tcmalloc", strings.Repeat("long-", 12), "libc-twin")
		p.at(2, 44*sec)
		p.begin()
		p.round(1, length)
		p.round(2, 44*sec)
	},
	"failed": func(p *play) {
		p.images()
		p.site.Failed("build jemalloc: RUN go build: exit status 1: services/stepper/main.go:12:2: undefined: " + strings.Repeat("x", 200))
	},
}

// takeShots takes pictures of every stage.
func takeShots(t *testing.T, b *browsertest.Browser) {
	for name, stage := range stages {
		site := shown(t, Address{Host: "127.0.0.1"})
		stage(newPlay(t, site))
		save := func(what string, screen browsertest.Screen) {
			page := b.Open(t, site.URL(), screen)
			time.Sleep(1500 * time.Millisecond)
			page.Save(filepath.Join(*shots, name+"-"+what+".png"), false)
		}
		save("light", browsertest.Screen{})
		save("dark", browsertest.Screen{Dark: true})
		save("phone", browsertest.Screen{Width: 360, Height: 1100, Touch: true})
	}
}
