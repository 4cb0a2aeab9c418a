package web

import (
	"encoding/json"
	"html"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// Whatever the records of a file say, the page stands, and what is not to be seen
// or run shows as text.
func TestHostile(t *testing.T) {
	for _, text := range []string{
		"</script><script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "\x1b[2J\x1b]0;t\x07", "\u202e\u2066\u200b\u2028", "a\r\nb\x08\x7f\xff",
		strings.Repeat("x", 64_000), "data: x\n\nevent: over\ndata: {}\n\n", mark, "-->", "{{.}}", "javascript:alert(1)",
	} {
		s := newState()
		of := store.Of{Variant: text, Round: 1}
		h := store.Header{
			Schema: store.Schema, RunID: text, Command: text, Started: time.Unix(math.MaxInt32, 0),
			Design: bench.Design{
				Variants: []bench.Variant{{Name: text}, {Name: "libc"}}, Baseline: text, Rounds: math.MaxInt, Batches: math.MaxInt, Pause: math.MaxInt64, Idle: math.MaxInt64,
			},
			Plan: bench.Plan{Iterations: math.MaxInt, Concurrency: -1, Items: []bench.PlanItem{{Name: text, Times: math.MaxInt}}},
		}
		put := func(of store.Of, records ...any) {
			t.Helper()
			for _, what := range records {
				if err := s.take(store.Record{Of: of, What: what}, nil, time.Time{}); err != nil {
					t.Fatal(err)
				}
				look(t, s, text)
			}
		}
		put(store.Of{}, store.Engine{Text: text}, store.Note{Text: text})
		for _, kind := range []string{store.StepBuilding, store.StepLog, store.StepBuilt, store.StepReused, text} {
			put(store.Of{}, store.Step{Variant: text, Kind: kind, Text: text, Took: math.MinInt64})
		}
		put(store.Of{}, h, store.Round{Number: 1, Order: []string{text}, Left: math.MinInt64, Repeats: math.MaxInt})
		put(of, store.Trial{Container: text, Started: time.Unix(-1<<40, 0)}, bench.Phase{Kind: text, Batch: math.MinInt, Start: math.MaxInt64},
			bench.Sample{At: math.MaxInt64, Anon: math.MaxInt64}, bench.Sample{At: -5, Anon: math.MinInt64}, bench.Sample{At: time.Hour, Anon: math.MaxInt64, Shmem: 1},
			store.Progress{Done: math.MinInt, Failed: math.MaxInt}, bench.Batch{Number: -1, Start: math.MaxInt64, End: math.MinInt64, Errors: map[string]int{text: 1}},
			bench.Phase{Kind: bench.PhaseBatch, Batch: math.MaxInt}, store.Ended{Error: text})
		put(store.Of{}, bench.Warning{Code: text, Text: text}, store.Judged{Round: 1, Void: text, Took: math.MaxInt64}, store.Round{Number: math.MaxInt},
			store.Resumed{After: math.MinInt}, store.End{})
		s.Failed(text)
		look(t, s, text)
	}
}

// look sees that the page of a state holds nothing but what we wrote, and text.
func look(t *testing.T, s *state, hostile string) {
	t.Helper()
	p := s.picture(time.Now(), -1)
	text, err := p.html(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"<script", "<img", "onerror=\"", "<!--"} {
		if strings.Contains(string(text), tag) {
			t.Fatalf("%.40q shows as %.2000s", hostile, text)
		}
	}
	event := string(s.event(time.Now()))
	if strings.Count(event, "\n") != 2 || !strings.HasPrefix(event, "data: {") || !strings.HasSuffix(event, "}\n\n") {
		t.Fatalf("%.40q is told as %.2000q", hostile, event)
	}
	var told picture
	if err := json.Unmarshal([]byte(strings.TrimPrefix(event, "data: ")), &told); err != nil {
		t.Fatal(err)
	}
	for key, value := range told.Values {
		if i := strings.IndexFunc(value, func(r rune) bool {
			return r != '\n' && unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
		}); i >= 0 || len(value) > 100_000 {
			t.Fatalf("%.40q: %s is %.400q", hostile, key, value)
		}
	}
	if !strings.Contains(html.UnescapeString(string(text)), told.Values["head"]) {
		t.Fatalf("%.40q: the page does not say %q", hostile, told.Values["head"])
	}
}
