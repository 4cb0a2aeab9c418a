package bench

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// Series holds samples in the order in which they were appended, which is that
// of time, in 5 to 9 bytes each instead of the 48 of a Sample. Any values in any
// order come back as they were. The zero value is an empty series. A copy is
// cheap and stays as it is when the original is appended to, so one goroutine
// may append while others read copies that it gave them; two that append to the
// same Series need a lock.
//
// A sample is coded as a byte that says which of its values differ from what the
// last one makes likely, and the differences as varints: for the time that of
// the last two distances, for memory that of the values, in KiB if all of them
// are whole ones, as those of the kernel are.
type Series struct {
	data   []byte
	length int
	state  coder
	// end is how much of the memory behind data is taken, by this Series or by a
	// copy of it that was appended to.
	end *int
}

// coder is what the next sample is predicted from.
type coder struct {
	last Sample
	step int64 // distance of the last two in time
}

// Bits of the byte before a sample; those below inKiB say which values follow.
const inKiB = 1 << 6

// mostCoded is as many bytes as a sample may take.
const mostCoded = 1 + 6*binary.MaxVarintLen64

// NewSeries gives a Series of samples.
func NewSeries(samples ...Sample) Series {
	var s Series
	for _, sample := range samples {
		s.Append(sample)
	}
	return s
}

// values are those of a sample in the order in which they are coded.
func (s *Sample) values() [6]int64 {
	return [...]int64{int64(s.At), int64(s.Anon), int64(s.Hugetlb), int64(s.Shmem), int64(s.Swap), int64(s.File)}
}

// next takes a sample to be the last one.
func (c *coder) next(sample Sample) {
	c.step = int64(sample.At - c.last.At)
	c.last = sample
}

// Append adds a sample at the end.
func (s *Series) Append(sample Sample) {
	if s.end == nil || *s.end != len(s.data) || cap(s.data)-len(s.data) < mostCoded {
		// The memory is at its end, or a copy has written to it behind data.
		// There are many series, each with room to spare: not as much as append
		// would leave.
		s.data = append(make([]byte, 0, len(s.data)+len(s.data)/8+2*mostCoded), s.data...)
		s.end = new(int)
	}
	// All arithmetic wraps around, so that it can be undone for any values.
	now, before := sample.values(), s.state.last.values()
	var flags byte
	var bits int64
	for i := range now {
		now[i] -= before[i]
		if i == 0 {
			now[i] -= s.state.step
		} else {
			bits |= now[i]
		}
		if now[i] != 0 {
			flags |= 1 << i
		}
	}
	shift := 0
	if bits%int64(KiB) == 0 {
		flags, shift = flags|inKiB, 10
	}
	s.data = append(s.data, flags)
	for i, difference := range now {
		if i > 0 {
			difference >>= shift
		}
		if difference != 0 {
			s.data = binary.AppendVarint(s.data, difference)
		}
	}
	s.state.next(sample)
	s.length++
	*s.end = len(s.data)
}

// Len gives the number of samples.
func (s Series) Len() int { return s.length }

// Size gives the bytes of memory that the samples take.
func (s Series) Size() int { return cap(s.data) }

// All yields the samples in order.
func (s Series) All() iter.Seq[Sample] {
	return func(yield func(Sample) bool) {
		var c coder
		for data := s.data; len(data) > 0; {
			flags := data[0]
			data = data[1:]
			shift := 0
			if flags&inKiB != 0 {
				shift = 10
			}
			values := c.last.values()
			values[0] += c.step
			for i := range values {
				if flags&(1<<i) == 0 {
					continue
				}
				difference, n := binary.Varint(data)
				data = data[n:]
				if i > 0 {
					difference <<= shift
				}
				values[i] += difference
			}
			c.next(sampleOf(values))
			if !yield(c.last) {
				return
			}
		}
	}
}

// Samples gives a list of the samples, in memory of its own; nil for none.
func (s Series) Samples() []Sample {
	if s.length == 0 {
		return nil
	}
	samples := make([]Sample, 0, s.length)
	for sample := range s.All() {
		samples = append(samples, sample)
	}
	return samples
}

// Last gives the sample that was appended last, if there is one.
func (s Series) Last() (Sample, bool) { return s.state.last, s.length > 0 }

// Equal says whether both hold the same samples in the same order.
func (s Series) Equal(other Series) bool {
	// There is one code for a sequence of samples.
	return s.length == other.length && bytes.Equal(s.data, other.data)
}
