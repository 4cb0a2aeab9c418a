package store

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// changed calls f for each field of a struct while it has another value.
func changed(t *testing.T, v reflect.Value, f func(field string)) {
	t.Helper()
	for field, value := range v.Fields() {
		was := reflect.ValueOf(value.Interface())
		switch value.Kind() {
		case reflect.String:
			value.SetString("other")
		case reflect.Bool:
			value.SetBool(!value.Bool())
		case reflect.Int, reflect.Int64:
			value.SetInt(value.Int() + 1)
		case reflect.Uint64:
			value.SetUint(value.Uint() + 1)
		case reflect.Float64:
			value.SetFloat(value.Float() + 0.25)
		default:
			continue
		}
		f(field.Name)
		value.Set(was)
	}
}

// Whatever differs in a design or a machine is named.
func TestEveryDifference(t *testing.T) {
	was := small()[1].What.(Header)
	now := was
	if got := Differences(was, now); len(got) > 0 {
		t.Error(got)
	}
	changed(t, reflect.ValueOf(&now.Design).Elem(), func(field string) {
		if field == "Quick" || field == "Fill" {
			return // they follow from the preset and the time
		}
		if got := Differences(was, now); len(got) != 1 || strings.Contains(got[0], "_") || strings.Contains(got[0], "  ") || strings.Contains(got[0], " ,") {
			t.Errorf("%s: %q", field, got)
		}
	})
	changed(t, reflect.ValueOf(&now.Environment).Elem(), func(field string) {
		if field == "Instead" {
			return // why the engine was taken; which one it is has a field of its own
		}
		if got := Moved(was.Environment, now.Environment); got == "" || strings.Contains(got, "  ") || strings.Contains(got, " ,") {
			t.Errorf("%s: %q", field, got)
		}
	})
	if got := Moved(was.Environment, now.Environment); got != "" {
		t.Error(got)
	}
}

// Differences are told in words that people know.
func TestDifferences(t *testing.T) {
	check := func(change func(h *Header), want string) {
		t.Helper()
		was, now := small()[1].What.(Header), small()[1].What.(Header)
		was.Design.Pause = 300 * time.Millisecond
		now.Design.Pause = was.Design.Pause
		change(&now)
		if got := strings.Join(Differences(was, now), "; "); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
	check(func(h *Header) { h.Design.Pause = time.Second }, "pause was 300ms and is now 1s")
	check(func(h *Header) { h.Design.MemoryLimit = 64 * bench.MiB }, "memory was none and is now 64 MiB")
	check(func(h *Header) { h.Design.Until = time.Minute }, "for was 0s and is now 1m0s")
	check(func(h *Header) { h.Design.VoidAt = 0.05 }, "void-at was 0% and is now 5%")
	check(func(h *Header) { h.Design.Twin = "libc-aa" }, "aa was none and is now libc-aa")
	check(func(h *Header) { h.Design.Variants = h.Design.Variants[:1] }, "the list of variants was libc (), musl () and is now libc ()")
	check(func(h *Header) { h.Design.Variants[1].Env = map[string]string{} }, "")
	check(func(h *Header) { h.Design.Variants[1].Env = map[string]string{"B": "2", "A": "1"} },
		"the list of variants was libc (), musl () and is now libc (), musl () A=1 B=2")
	check(func(h *Header) {
		h.Design.Variants[1].Suite, h.Design.Variants[1].Args = "sid", map[string]string{"LINK": "x"}
	},
		"the list of variants was libc (), musl () and is now libc (), musl () on sid LINK=x")
	check(func(h *Header) { h.Design.Variants[1].Dockerfile = "a" }, "the list of variants was libc (), musl () and is now libc (), musl (a)")
	check(func(h *Header) { h.Images = []Image{{Variant: "musl", ID: "sha256:0123456789abcdef"}} }, "the image of musl was 2 and is now 0123456789ab")
	check(func(h *Header) { h.Images = []Image{{Variant: "musl"}} }, "the image of musl was 2 and is now none")
	check(func(h *Header) { h.Plan.SHA256 = strings.Repeat("c", 64) }, "the plan's sha256 was ab and is now cccccccccccc")
	check(func(h *Header) { h.Plan.Iterations = 3 }, "iterations was 0 and is now 3")
	check(func(h *Header) { h.Plan.ArrivalRate = 1.5 }, "arrival_rate was 0 and is now 1.5")
}
