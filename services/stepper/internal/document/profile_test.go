package document

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// planBody gives the body of one of the project's plans: the one line of the
// file that is a JSON object.
func planBody(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "plans", name+".yml"))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, `{"payload"`) {
			return line
		}
	}
	tb.Fatalf("plan %s has no line with a body", name)
	return ""
}

// TestProfile holds the heap profile of a request to that of the Rust service
// with serde_json that the lab reproduces, as a counting malloc saw it: calls of
// malloc, blocks freed before the sleep, and usable bytes alive during the sleep
// with glibc.
func TestProfile(t *testing.T) {
	for _, want := range []struct {
		plan           string
		allocs, before float64
		live           float64 // bytes
	}{
		{"tiny", 5093, 1605, 0.47e6},
		{"small", 49198, 15329, 4.29e6},
		{"medium", 97083, 30231, 8.24e6},
		{"large", 316331, 98447, 26.90e6},
	} {
		t.Run(want.plan, func(t *testing.T) {
			r := newRig(t)
			doc, err := r.parse(planBody(t, want.plan))
			if err != nil {
				t.Fatal(err)
			}
			if err := doc.Clone(r.heap); err != nil {
				t.Fatal(err)
			}
			if err := doc.Encode(r.heap); err != nil {
				t.Fatal(err)
			}
			c := r.count()
			within(t, "calls of malloc", float64(c.Allocs), want.allocs)
			within(t, "blocks freed before the sleep", float64(c.Frees), want.before)
			within(t, "live usable bytes", float64(c.Usable), want.live)
			t.Logf("%d malloc, %d realloc, %d freed, %d live blocks, %.2f MB usable, %.2f MB requested",
				c.Allocs, c.Reallocs, c.Frees, c.Blocks, float64(c.Usable)/1e6, float64(c.Requested)/1e6)
			doc.Free(r.heap)
			if c := r.count(); c.Usable != 0 || c.Requested != 0 || c.Blocks != 0 {
				t.Errorf("after the free %d bytes in %d blocks are live", c.Requested, c.Blocks)
			}
		})
	}
}

// TestSizeClasses holds the sizes of a medium request's blocks to the original's
// histogram: blocks by upper bound of their requested size.
func TestSizeClasses(t *testing.T) {
	r := newRig(t)
	doc, err := r.parse(planBody(t, "medium"))
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Free(r.heap)
	if err := doc.Clone(r.heap); err != nil {
		t.Fatal(err)
	}
	if err := doc.Encode(r.heap); err != nil {
		t.Fatal(err)
	}
	sizes := r.heap.AllocsBySize()
	from := 1
	for _, class := range []struct {
		bound int
		want  float64
	}{
		{2, 7854},
		{4, 19718},
		{8, 36656},
		{16, 13413},
		{32, 5394},
		{64, 3247},
		{128, 1621},
		{256, 541 + 540}, // 540 arrays come to it by realloc
		{512, 1081},
		{1024, 7552},
	} {
		var n float64
		for ; from <= class.bound; from++ {
			n += float64(sizes[from])
		}
		within(t, "blocks of the class "+strconv.Itoa(class.bound), n, class.want)
	}
}

// within allows 20 per cent.
func within(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.2*want {
		t.Errorf("%s: %.0f, which is not within 20 %% of %.0f", what, got, want)
	}
}
