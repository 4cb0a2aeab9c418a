package plan

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// TestRecordsAnywhere reads the records of files in any order, and holds each
// against what reading from the start gives.
func TestRecordsAnywhere(t *testing.T) {
	check := func(name, text string, read func(at int) reader) {
		t.Helper()
		var want []any
		for r := read(0); r.scan(); {
			if r.flaw() == "" {
				want = append(want, r.value())
			}
		}
		rows := newRecords(read, &skipped{l: newTestLoader(nil, Options{}), name: name})
		if rows.Len() != len(want) || len(want) == 0 {
			t.Fatalf("%s: %d records, want %d", name, rows.Len(), len(want))
		}
		for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(len(want)) {
			if diff := cmp.Diff(want[i], rows.At(i)); diff != "" {
				t.Fatalf("%s: record %d (-want +got)\n%s", name, i, diff)
			}
		}
	}
	var text strings.Builder
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range 5000 {
		switch rnd.IntN(8) {
		case 0:
			text.WriteString("\n\r\n") // blank
		case 1:
			text.WriteString("one field too few\n")
		case 2:
			text.WriteString("\xff,x\n")
		case 3:
			fmt.Fprintf(&text, "\"%d\n,\"\"\",%s\r\n", i, strings.Repeat("long ", rnd.IntN(100)))
		default:
			fmt.Fprintf(&text, "%d,%d\n", i, rnd.IntN(10))
		}
	}
	check("csv", text.String(), func(at int) reader {
		return newCSVReader(text.String(), '"', []string{"a", "b"}, at)
	})
	check("lines", text.String(), func(at int) reader { return &lineReader{text: text.String(), at: at} })
}

// heap is what is on it once all that is no longer needed is gone.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestLargeLoopFiles holds that the file of a loop takes at most three times its
// size in memory while it is read, shuffled, and gone through.
func TestLargeLoopFiles(t *testing.T) {
	const n = 300_000
	check := func(what, item string, row func(i int) string, head string) {
		t.Helper()
		dir := t.TempDir()
		var text strings.Builder
		text.WriteString(head)
		for i := range n {
			text.WriteString(row(i))
		}
		size := int64(text.Len())
		for name, content := range map[string]string{
			"rows":          text.String(),
			"benchmark.yml": "base: http://h\nplan:\n- " + item + "\n- " + strings.Replace(item, "shuffle: true", "shuffle: false", 1),
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		text.Reset()
		before := heap()
		p, err := Load(filepath.Join(dir, "benchmark.yml"), Options{Seed: 1})
		if err != nil {
			t.Fatal(withHint(err))
		}
		took := heap() - before
		if took > 3*size {
			t.Errorf("%s: %d bytes for a file of %d", what, took, size)
		}
		if p.PerIteration() != 2*n || len(p.Items) != 2 || len(p.Warnings) > 0 {
			t.Errorf("%s: %d requests of %d items, warnings %v", what, p.PerIteration(), len(p.Items), p.Warnings)
		}
		seen := make([]bool, n)
		for i := 0; i < n; i += 7 {
			value := p.Requests()[0].Loop.At(i).Value
			if row, ok := value.(map[string]any); ok {
				value = row["id"]
			}
			number, err := strconv.Atoi(value.(string))
			if err != nil || seen[number] {
				t.Fatalf("%s: element %d is %v: %v", what, i, value, err)
			}
			seen[number] = true
		}
		if took := heap() - before - n; took > 3*size { // n: for seen
			t.Errorf("%s: %d bytes after all elements of a file of %d", what, took, size)
		}
		runtime.KeepAlive(p)
	}
	const loop = "{name: a, request: {url: '/{{ item }}'}, shuffle: true, "
	check("csv", loop+"with_items_from_csv: rows}", func(i int) string {
		return fmt.Sprintf("%d,user %d,\"a, b\",user%d@example.com\n", i, i, i)
	}, "id,name,more,mail\n")
	check("narrow csv", loop+"with_items_from_csv: rows}", func(i int) string { return fmt.Sprintf("%d\n", i) }, "id\n")
	check("lines", loop+"with_items_from_file: rows}", func(i int) string { return fmt.Sprintf("%d\n", i) }, "")
}

// BenchmarkElements goes through a CSV file, in order and shuffled.
func BenchmarkElements(b *testing.B) {
	var text strings.Builder
	text.WriteString("id,name,mail\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, "%d,user %d,user%d@example.com\n", i, i, i)
	}
	for _, shuffle := range []string{"false", "true"} {
		b.Run("shuffle="+shuffle, func(b *testing.B) {
			p, err := newTestLoader(map[string]string{
				"benchmark.yml": "plan: [{name: a, request: {url: http://h/}, shuffle: " + shuffle + ", with_items_from_csv: rows}]",
				"rows":          text.String(),
			}, Options{}).load("benchmark.yml")
			if err != nil {
				b.Fatal(err)
			}
			loop := p.Requests()[0].Loop
			b.ReportAllocs()
			var room []byte
			for i := 0; b.Loop(); i++ {
				room = vars.AppendValue(room[:0], loop.At(i%loop.Len()).Value)
			}
		})
	}
}
