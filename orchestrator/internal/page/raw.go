package page

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"html/template"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// mostRaw is how much of a page everything measured may take, in characters: with
// it, the page of a default design stays below 500 kB.
const mostRaw = 280_000

// mostTried is how many samples are worth trying: more than any that fit, and
// packing takes longer than all the rest.
const mostTried = 40_000

// raw is everything measured, in the page or beside it.
type raw struct {
	Link  template.URL // "" where it is too large, or cannot be written
	File  string       // its name when it is saved
	Size  int          // bytes, compressed
	RunID string
}

// newRaw packs an experiment, as JSON and compressed, into a link.
func newRaw(exp *bench.Experiment) raw {
	to := raw{RunID: plain.Name(exp.RunID), File: fileName(exp.RunID) + ".json.gz"}
	samples := 0
	for i := range exp.Trials {
		samples += exp.Trials[i].Samples.Len()
	}
	if samples > mostTried {
		return to
	}
	var packed bytes.Buffer
	// Writes to a Buffer do not fail, and the best compression is one that there is.
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if report.JSON(z, exp) != nil || z.Close() != nil {
		return to
	}
	to.Size = packed.Len()
	if base64.StdEncoding.EncodedLen(packed.Len()) <= mostRaw {
		to.Link = template.URL("data:application/gzip;base64," + base64.StdEncoding.EncodeToString(packed.Bytes()))
	}
	return to
}

// fileName makes a name for a file of a run's.
func fileName(id string) string {
	name := []byte("experiment-")
	for i := range min(len(id), 60) {
		if c := id[i]; c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' {
			name = append(name, c)
		}
	}
	return string(bytes.TrimSuffix(name, []byte("-")))
}
