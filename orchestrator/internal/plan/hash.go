package plan

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// hashVersion names the encoding below. It changes with the encoding, so that
// the hashes of two encodings never meet.
const hashVersion = "stair-stepper/plan/v2"

// SHA256 is a fingerprint, in hexadecimal, of everything that the plan makes a
// service do. Two plans with the same one send the same bytes in the same
// order, as far as answers and environment are the same.
//
// It is taken over hashVersion, concurrency, iterations, ramp-up in
// nanoseconds, the bits of the rate, the path and query of the base, the number
// of items, and the items in order, a request of a loop once for each element,
// each with its kind in front:
//
//   - "request": the method; the path and query of its address, or else "url"
//     and the URL as written; the number of headers, and each header's name in
//     lower case and its value as written, sorted; "bytes" or "text" and the
//     body; the variable for the answer; 0, or 1 with the index and the value
//     of its element as it is filled in.
//   - "assign" and "assert": key and value.
//   - "delay": nanoseconds.
//   - "exec": the command as written and the variable for its output.
//
// A number is eight bytes, big endian; a text has its length in front, as such
// a number.
//
// Names of files and items, comments and tags are left out, for they send
// nothing. So are scheme, host and port, for the lab sends to addresses of its
// own.
func (p *Plan) SHA256() string {
	sum := sha256.New()
	h := writer{sum}
	h.text(hashVersion)
	h.number(int64(p.Concurrency))
	h.number(int64(p.Iterations))
	h.number(int64(p.Rampup))
	h.number(int64(math.Float64bits(p.Rate)))
	h.text(p.Origin.Target)
	n := len(p.Items)
	for _, r := range p.Requests() {
		n += r.Times() - 1
	}
	h.number(int64(n))
	for _, item := range p.Items {
		switch it := item.(type) {
		case *Request:
			h.requests(it)
		case *Assign:
			h.text("assign", it.Key, it.Value)
		case *Assert:
			h.text("assert", it.Key, it.Value)
		case *Delay:
			h.text("delay")
			h.number(int64(it.For))
		case *Exec:
			h.text("exec", it.Command.String(), it.Assign)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// writer writes the encoding.
type writer struct{ io.Writer }

// requests writes a request for each element of its loop.
func (h writer) requests(r *Request) {
	var b bytes.Buffer
	writer{&b}.request(r)
	if r.Loop == nil {
		h.Write(b.Bytes())
		h.number(0)
		return
	}
	for i := range r.Loop.Len() {
		h.Write(b.Bytes())
		h.number(1)
		h.number(int64(i))
		h.text(string(vars.AppendValue(nil, r.Loop.At(i).Value)))
	}
}

func (h writer) request(r *Request) {
	h.text("request", r.Method)
	if r.Address != "" {
		h.text(r.Parsed.Target)
	} else {
		h.text("url", r.URL.String())
	}
	headers := slices.Clone(r.Headers)
	for i := range headers {
		headers[i].Name = strings.ToLower(headers[i].Name)
	}
	slices.SortFunc(headers, func(a, b Header) int { return cmp.Compare(a.Name, b.Name) })
	h.number(int64(len(headers)))
	for _, header := range headers {
		h.text(header.Name, header.Value.String())
	}
	if r.Body.Text.Static() {
		h.text("bytes")
		h.number(int64(len(r.Body.Bytes)))
		h.Write(r.Body.Bytes)
	} else {
		h.text("text", r.Body.Text.String())
	}
	h.text(r.Assign)
}

func (h writer) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

func (h writer) text(texts ...string) {
	for _, s := range texts {
		h.number(int64(len(s)))
		io.WriteString(h, s)
	}
}
