package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"slices"
	"strings"
)

// hashVersion names the encoding below. It changes with the encoding, so that
// the hashes of two encodings never meet.
const hashVersion = "stair-stepper/plan/v1"

// SHA256 is a fingerprint, in hexadecimal, of everything that the plan makes a
// service do. Two plans with the same one send the same bytes in the same
// order.
//
// It is taken over hashVersion, concurrency, iterations and ramp-up in
// nanoseconds, the number of items, and for each item: its kind ("request"),
// the method, path and query of the URL, the number of headers, each header's
// name in lower case and its value, sorted, and the body. A number is eight
// bytes, big endian; a text has its length in front, as such a number.
//
// Names of files and items, comments and tags are left out, for they send
// nothing. So are scheme, host and port, for the lab sends to addresses of its
// own.
func (p *Plan) SHA256() string {
	h := sha256.New()
	writeText(h, hashVersion)
	writeNumber(h, int64(p.Concurrency))
	writeNumber(h, int64(p.Iterations))
	writeNumber(h, int64(p.Rampup))
	requests := p.Requests()
	writeNumber(h, int64(len(requests)))
	for _, r := range requests {
		writeText(h, "request")
		writeText(h, r.Method)
		writeText(h, pathAndQuery(r.Address))
		headers := slices.Clone(r.Headers)
		for i := range headers {
			headers[i].Name = strings.ToLower(headers[i].Name)
		}
		slices.SortFunc(headers, func(a, b Header) int { return cmp.Compare(a.Name, b.Name) })
		writeNumber(h, int64(len(headers)))
		for _, header := range headers {
			writeText(h, header.Name)
			writeText(h, header.Value.String())
		}
		writeNumber(h, int64(len(r.Body.Bytes)))
		h.Write(r.Body.Bytes)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func writeNumber(h hash.Hash, n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

func writeText(h hash.Hash, s string) {
	writeNumber(h, int64(len(s)))
	io.WriteString(h, s)
}
