package store

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// Of what is compressed, damage costs the members that it is in.
func TestDamagedGzip(t *testing.T) {
	needs.Patience(t, "damages a file in many places")
	whole := text(t, small())
	count := bytes.Count(whole, []byte("\n"))
	member := packed(t, whole)
	three := slices.Concat(member, member, member)
	check := func(name string, stream []byte, least, wrong int) {
		t.Helper()
		for _, from := range []io.Reader{bytes.NewReader(stream), iotest.OneByteReader(bytes.NewReader(stream))} {
			got, bad := collect(usual, from)
			if len(got) < least || len(bad) < wrong || wrong == 0 && len(bad) > 0 {
				t.Errorf("%s: %d records and %v; want %d and %d errors", name, len(got), bad, least, wrong)
			}
			if wrong > 0 && len(bad) > 0 && !slices.ContainsFunc(bad, func(err error) bool { return strings.Contains(err.Error(), "at byte ") }) {
				t.Errorf("%s: no position in %v", name, bad)
			}
		}
	}
	check("whole", three, 3*count, 0)
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		at := len(member) + random.IntN(len(member))
		flipped := slices.Clone(three)
		flipped[at] ^= 1 << random.IntN(8)
		if header := at - len(member); header >= 3 && header < 10 {
			continue // the time and the system: nobody reads them
		}
		check(fmt.Sprintf("a bit at %d", at), flipped, 2*count, 1)
		gone := min(at+1+random.IntN(len(member)), 2*len(member))
		check(fmt.Sprintf("%d to %d are gone", at, gone), slices.Delete(slices.Clone(three), at, gone), 2*count, 1)
		zeros := slices.Clone(three)
		clear(zeros[at:gone])
		if !bytes.Equal(zeros, three) {
			check(fmt.Sprintf("%d to %d are zeros", at, gone), zeros, 2*count, 1)
		}
	}
	for cut := len(member)*2 + 1; cut < len(three); cut++ {
		check(fmt.Sprintf("cut at %d", cut), three[:cut], 2*count, 1)
	}
	check("garbage behind", append(slices.Clone(three), "garbage"...), 3*count, 1)
	check("text behind", append(slices.Clone(member), whole...), count, 1)
	failing := io.MultiReader(bytes.NewReader(member), iotest.ErrReader(errors.New("input/output error")))
	if got, wrong := collect(usual, failing); len(got) != count || len(wrong) != 1 || !strings.Contains(wrong[0].Error(), "input/output error") {
		t.Errorf("a disk that fails: %d records, %v", len(got), wrong)
	}
}

func packed(t testing.TB, whole []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(whole); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
