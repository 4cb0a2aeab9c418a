package store

import (
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// repeated is a text many times over.
type repeated struct {
	text string
	left int
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && r.left > 0 {
		c := copy(p[n:], r.text[r.at:])
		n += c
		if r.at += c; r.at == len(r.text) {
			r.at = 0
			r.left--
		}
	}
	return n, nil
}

// Whatever a stream is made of, it takes neither much memory nor much time.
func TestBombs(t *testing.T) {
	needs.Patience(t, "reads some hundred megabytes")
	start := string(text(t, small()[:4]))
	in := func(text string, bytes int) io.Reader {
		return io.MultiReader(strings.NewReader(start), &repeated{text: text, left: bytes / len(text)})
	}
	line := func(what string) string { return what + "\n" }
	for name, from := range map[string]io.Reader{
		"zeros":            in("\x00", 400<<20),
		"blank lines":      in("\n", 100<<20),
		"short lines":      in("x\n", 100<<20),
		"empty records":    in("{}\n", 100<<20),
		"nested":           in(`{"of":`, 100<<20),
		"nested lines":     in(strings.Repeat(`{"of":`, 5000)+"\n", 100<<20),
		"records, no ends": in(line(strings.Repeat(`{"note":{"text":""}}`, 500_000)), 20<<20),
		"starts, no ends":  in(line(strings.Repeat(`{"note":{"text":"`, 500_000)), 100<<20),
		"empty batches":    in(line(`{"of":"libc/1","batch":{}}`), 100<<20),
		"empty phases":     in(line(`{"of":"libc/1","phase":{"end_ns":1}}`), 100<<20),
		"long warnings":    in(line(`{"warning":{"code":"x","text":"`+strings.Repeat("x", 8<<20)+`"}}`), 600<<20),
		"the same warning": in(line(`{"of":"libc/1","warning":{"code":"x","text":"x"}}`), 10<<20),
		"judged":           in(line(`{"judged":{"round":1}}`), 10<<20),
		"notes":            in(line(`{"note":{}}`), 10<<20),
		"large headers":    io.MultiReader(strings.NewReader(start+`{"header":{"plan":{"items":[`), &repeated{text: "{},", left: 5_000_000}, strings.NewReader("{}]}}}\n")),
		"headers":          in(line(`{"header":{"design":{"variants":[`+strings.Repeat("{},", 10_000)+`{}]}}}`), 20<<20),
	} {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			begin := time.Now()
			var most uint64
			lines := 0
			_, err := Fold(func(yield func(Record, error) bool) {
				for r, err := range Read(from) {
					if lines++; lines%20_000 == 0 {
						most = max(most, inUse())
					}
					if !yield(r, err) {
						break
					}
				}
				most = max(most, inUse())
			})
			took := time.Since(begin)
			t.Logf("%v, %d MiB, %v", took.Round(time.Millisecond), most>>20, err)
			if most > 1200<<20 || took > 60*time.Second {
				t.Errorf("it takes %v and %d MiB", took, most>>20)
			}
		})
	}
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}
