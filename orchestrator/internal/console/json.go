package console

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// schema names the form of the JSON that follows. It changes when a field goes
// or means something else, not when one is added.
const schema = "stair-stepper/drill/2"

// document is a whole run. Of a plan it holds names, base and numbers, nothing
// that could be a secret.
type document struct {
	Schema   string        `json:"schema"`
	Plan     planJSON      `json:"plan"`
	Settings settingsJSON  `json:"settings"`
	Start    time.Time     `json:"start"`
	Seconds  float64       `json:"seconds"` // wall time
	Stopped  bool          `json:"interrupted"`
	Loop     loopJSON      `json:"iterations"`
	Lookups  lookupsJSON   `json:"lookups"`
	Total    countsJSON    `json:"total"`
	Items    []itemJSON    `json:"items"` // by name as written, in the plan's order
	Broken   []mistakeJSON `json:"mistakes"`
	Hints    []hintJSON    `json:"hints"`
	Gates    []gateJSON    `json:"gates"`
}

type planJSON struct {
	File        string   `json:"file"`
	SHA256      string   `json:"sha256"` // of all that it sends
	Base        string   `json:"base"`   // without user and password
	Tags        []string `json:"tags"`
	SkipTags    []string `json:"skip_tags"`
	SkippedRows int      `json:"skipped_rows"` // of the files of loops
	Seed        uint64   `json:"seed"`         // of shuffled loops; 0: there are none
	Warnings    []string `json:"warnings"`
}

type settingsJSON struct {
	Model         string  `json:"model"` // "closed" or "open"
	Concurrency   int     `json:"concurrency"`
	Iterations    int     `json:"iterations"`       // 0: no limit
	Rate          float64 `json:"rate"`             // of an open loop: starts a second
	Rampup        float64 `json:"rampup_seconds"`   // 0: none
	Duration      float64 `json:"duration_seconds"` // 0: no limit
	Timeout       float64 `json:"timeout_seconds"`
	CompatRampup  bool    `json:"compat_rampup"`
	CompatCookies bool    `json:"compat_cookies"` // of a chain of redirects only the last answer's count
	Relaxed       bool    `json:"relaxed_interpolations"`
	Proxy         string  `json:"proxy"`
	LatencyCounts string  `json:"latency_from"` // "dispatch" or "intended start"
}

type loopJSON struct {
	Ended   int `json:"ended"` // broken ones included
	Broken  int `json:"broken"`
	Late    int `json:"late"`    // open loop: started over a millisecond late
	Dropped int `json:"dropped"` // open loop: never started
}

// lookupsJSON is what was asked about names of hosts; it is part of no latency.
type lookupsJSON struct {
	N       int     `json:"n"`
	Failed  int     `json:"failed"`
	Longest float64 `json:"longest_ms"`
}

type countsJSON struct {
	Requests   int            `json:"requests"`
	Successful int            `json:"successful"` // answered with a status that succeeds: 200 to 299 unless the plan says otherwise
	Failed     int            `json:"failed"`
	PerSecond  float64        `json:"requests_per_second"`
	Statuses   map[string]int `json:"statuses"`
	Errors     map[string]int `json:"errors"` // failures by class, as load.Counts has them
	Sent       bench.Bytes    `json:"sent_bytes"`
	Received   bench.Bytes    `json:"received_bytes"` // bodies
	Latency    timesJSON      `json:"latency"`        // to the last byte, of the requests that were answered
	FirstByte  timesJSON      `json:"first_byte"`     // of the same
	Drill      drillJSON      `json:"drill"`          // latency as drill works it out: of all requests
}

type itemJSON struct {
	Name string `json:"name"`
	countsJSON
}

// timesJSON are quantiles and more to three digits, in both units. All are 0
// where nothing was answered.
type timesJSON struct {
	N            int                `json:"n"` // answered
	Milliseconds quantiles[float64] `json:"ms"`
	Nanoseconds  quantiles[int64]   `json:"ns"`
}

type quantiles[T float64 | int64] struct {
	Min    T `json:"min"`
	Mean   T `json:"mean"`
	StdDev T `json:"stddev"`
	P50    T `json:"p50"`
	P75    T `json:"p75"`
	P90    T `json:"p90"`
	P95    T `json:"p95"`
	P99    T `json:"p99"`
	P995   T `json:"p99_5"`
	P999   T `json:"p99_9"`
	Max    T `json:"max"`
}

// drillJSON are the figures of drill's own statistics, in milliseconds.
type drillJSON struct {
	Median float64 `json:"median"`
	Mean   float64 `json:"mean"`
	StdDev float64 `json:"stddev"`
	P99    float64 `json:"p99"`
	P995   float64 `json:"p99_5"`
	P999   float64 `json:"p99_9"`
}

type mistakeJSON struct {
	Item string `json:"item"`
	Text string `json:"text"`
	N    int    `json:"iterations"`
}

// hintJSON is what may be done about failures.
type hintJSON struct {
	Class    string `json:"class"`
	Text     string `json:"text"`
	Requests int    `json:"requests"`
}

type gateJSON struct {
	Gate    string `json:"gate"`
	Tripped bool   `json:"tripped"`
	Figure  string `json:"figure"`
}

// writeJSON writes a run as one JSON object.
func writeJSON(w io.Writer, run Run) error {
	loaded, s, r := run.Plan, run.Setup, run.Result
	d := document{
		Schema: schema,
		Plan: planJSON{
			File: loaded.File, SHA256: loaded.SHA256(), Base: loaded.ShownBase(),
			Tags: list(loaded.Tags), SkipTags: list(loaded.SkipTags), SkippedRows: loaded.Skipped, Seed: loaded.Seed,
			Warnings: []string{},
		},
		Settings: settingsJSON{
			Model: "closed", Concurrency: loaded.Concurrency, Iterations: loaded.Iterations, Rate: r.Rate,
			Rampup: loaded.Rampup.Seconds(), Duration: s.Duration.Seconds(), Timeout: s.Timeout.Seconds(),
			CompatRampup: s.CompatRampup, CompatCookies: s.CompatCookies, Relaxed: s.Relaxed, Proxy: s.Proxy, LatencyCounts: "dispatch",
		},
		Start: r.Start, Seconds: wall(r).Seconds(), Stopped: r.Interrupted,
		Loop:    loopJSON{Ended: r.Iterations, Broken: r.Broken, Late: r.Late, Dropped: r.Dropped},
		Lookups: lookupsJSON{r.Lookups.N, r.Lookups.Failed, ms(r.Lookups.Longest)},
		Total:   countsOf(&r.Counts, wall(r)), Items: []itemJSON{}, Broken: []mistakeJSON{}, Hints: []hintJSON{}, Gates: []gateJSON{},
	}
	if r.Rate > 0 {
		d.Settings.Model, d.Settings.LatencyCounts = "open", "intended start"
	}
	for _, w := range loaded.Warnings {
		d.Plan.Warnings = append(d.Plan.Warnings, w.String())
	}
	for i := range r.Groups {
		d.Items = append(d.Items, itemJSON{r.Groups[i].Name, countsOf(&r.Groups[i].Counts, wall(r))})
	}
	for _, m := range r.Mistakes {
		d.Broken = append(d.Broken, mistakeJSON{m.Item, m.Text, m.N})
	}
	for _, h := range r.Hints {
		d.Hints = append(d.Hints, hintJSON(h))
	}
	for _, v := range run.Verdicts {
		d.Gates = append(d.Gates, gateJSON{v.Gate.String(), v.Tripped, v.Figure})
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return err
	}
	_, err := w.Write(plain.JSON(text.Bytes()))
	return err
}

func list(texts []string) []string { return append([]string{}, texts...) }

func countsOf(c *load.Counts, took time.Duration) countsJSON {
	d := figuresOf(c.Attempts)
	return countsJSON{
		Requests: c.Requests, Successful: c.Requests - c.Failed, Failed: c.Failed, PerSecond: rate(c.Requests, took),
		Statuses: tally(c.Statuses), Errors: tally(c.Errors), Sent: c.SentBytes, Received: c.ReceivedBytes,
		Latency: timesOf(c.Latency), FirstByte: timesOf(c.FirstByte),
		Drill: drillJSON{ms(d.Median), ms(d.Mean), ms(d.StdDev), ms(d.P99), ms(d.P995), ms(d.P999)},
	}
}

// tally makes an empty object of no counts.
func tally(counts map[string]int) map[string]int {
	if counts == nil {
		return map[string]int{}
	}
	return counts
}

func timesOf(h *load.Histogram) timesJSON {
	return timesJSON{h.N(), quantilesOf(h, ms), quantilesOf(h, time.Duration.Nanoseconds)}
}

func quantilesOf[T float64 | int64](h *load.Histogram, unit func(time.Duration) T) quantiles[T] {
	q := func(share float64) T { return unit(h.Quantile(share)) }
	return quantiles[T]{
		Min: unit(h.Min()), Mean: unit(h.Mean()), StdDev: unit(h.StdDev()),
		P50: q(0.5), P75: q(0.75), P90: q(0.9), P95: q(0.95), P99: q(0.99), P995: q(0.995), P999: q(0.999),
		Max: unit(h.Max()),
	}
}

// ms gives a duration in milliseconds.
func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
