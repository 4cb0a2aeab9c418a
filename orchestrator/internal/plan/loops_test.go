package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// TestLoopFiles has the files of loops that a text archive cannot hold.
func TestLoopFiles(t *testing.T) {
	check := func(loop, text string, wantSkipped int, want ...string) {
		t.Helper()
		p, err := newTestLoader(map[string]string{
			"benchmark.yml": "plan:\n- {name: a, request: {url: http://h/}, " + loop + ": items}\n- {name: b, delay: {seconds: 0}}",
			"items":         text,
		}, Options{}).load("benchmark.yml")
		if err != nil {
			t.Fatal(withHint(err))
		}
		var got []string
		all := p.Requests()[0].Loop
		for i := range all.Len() {
			e := all.At(i)
			if e.Index != i {
				t.Errorf("element %d has the index %d", i, e.Index)
			}
			got = append(got, string(vars.AppendValue(nil, e.Value)))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s of %q (-want +got)\n%s", loop, text, diff)
		}
		skips := 0
		for _, w := range p.Warnings {
			if strings.Contains(w.Text, "skipped") {
				skips++
			}
		}
		if p.Skipped != wantSkipped || skips != wantSkipped {
			t.Errorf("%s of %q: %d skipped, warnings %v; want %d", loop, text, p.Skipped, p.Warnings, wantSkipped)
		}
	}
	const csv, lines = "with_items_from_csv", "with_items_from_file"
	check(csv, "\ufeffx,y\r\n\r\n1,2\r\n3,4", 0, `{"x":"1","y":"2"}`, `{"x":"3","y":"4"}`)
	check(csv, "x\n\xff\n1\n", 1, `{"x":"1"}`)
	check(csv, "x,x\n1,2\n", 0, `{"x":"2"}`)
	check(csv, "x,\n1,2\n", 0, `{"":"2","x":"1"}`)
	check(csv, "x,y\n1\n1,2,3\n1,2\n", 2, `{"x":"1","y":"2"}`)
	check(lines, "one\r\n\r\ntwo", 0, "one", "", "two")
	check(lines, "one\r", 0, "one\r")
	check(lines, "\ufeffone\n", 0, "\ufeffone")
	check(lines, "one\n\xff\ntwo\n", 1, "one", "two")

	_, err := newTestLoader(map[string]string{
		"benchmark.yml": "plan: [{name: a, request: {url: http://h/}, with_items_from_csv: items}]",
		"items":         "\xff\n1\n",
	}, Options{}).load("benchmark.yml")
	if want := "the first row of items is not UTF-8"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v; want %q", err, want)
	}
}

// TestSeed checks that the order of a loop is a matter of luck, but that the
// seed of a load brings it back.
func TestSeed(t *testing.T) {
	var numbers strings.Builder
	for i := range 50 {
		fmt.Fprintf(&numbers, "%d, ", i)
	}
	text := "plan: [{name: a, request: {url: http://h/}, shuffle: true, with_items: [" + numbers.String() + "]}]"
	load := func(seed uint64) (*Plan, string) {
		t.Helper()
		p, err := loadText(text, Options{Seed: seed})
		if err != nil {
			t.Fatal(withHint(err))
		}
		if p.Seed == 0 || seed != 0 && p.Seed != seed {
			t.Errorf("seed %d became %d", seed, p.Seed)
		}
		if uint64(float64(p.Seed)) != p.Seed {
			t.Errorf("seed %d does not go through JSON", p.Seed)
		}
		var order strings.Builder
		seen := make(map[any]bool)
		loop := p.Requests()[0].Loop
		for i := range loop.Len() {
			value := loop.At(i).Value
			seen[value] = true
			fmt.Fprintf(&order, "%d, ", value)
		}
		if len(seen) != 50 {
			t.Errorf("%d of 50 elements", len(seen))
		}
		return p, order.String()
	}
	p, first := load(0)
	if _, again := load(p.Seed); again != first {
		t.Errorf("seed %d gave %s and then %s", p.Seed, first, again)
	}
	if _, other := load(0); other == first || other == numbers.String() {
		t.Errorf("%s is no order of its own", other)
	}

	p, err := loadText(strings.Replace(text, "shuffle: true", "shuffle: false", 1), Options{Seed: 7})
	if err != nil || p.Seed != 0 {
		t.Errorf("nothing is shuffled, and the seed is %d, %v", p.Seed, err)
	}
}

// TestWideHeader checks that a first row of very many columns is read in little
// time, and answered in few words.
func TestWideHeader(t *testing.T) {
	p, err := newTestLoader(map[string]string{
		"benchmark.yml": "plan: [{name: a, request: {url: http://h/}, with_items_from_csv: items}]",
		"items":         strings.Repeat("same,", 300_000) + "same\n" + strings.Repeat(",", 300_000),
	}, Options{}).load("benchmark.yml")
	if err != nil {
		t.Fatal(withHint(err))
	}
	if len(p.Warnings) != mostColumns+1 || p.Warnings[0].Text != "299,980 columns more of this row with such names" {
		t.Errorf("%d warnings, the first one %q", len(p.Warnings), p.Warnings[0].Text)
	}
}
