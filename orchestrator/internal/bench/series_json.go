package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// columns are the keys of a Series in JSON, in the order of Sample.values.
var columns = [...]string{"t", "anon", "hugetlb", "shmem", "swap", "file"}

// always is how many of the columns are written even if all their values are 0.
const always = 2

// MarshalJSON writes a list for each value of a sample, by its key in Sample:
// {"t":[0,50000000],"anon":[4096,8192]}. Lists that hold nothing but zeros are
// left out, but for those of the times and of RssAnon.
func (s Series) MarshalJSON() ([]byte, error) {
	var used [len(columns)]bool
	for sample := range s.All() {
		for i, v := range sample.values() {
			used[i] = used[i] || v != 0
		}
	}
	out := make([]byte, 0, 32+12*2*s.length)
	for i, key := range columns {
		if !used[i] && i >= always {
			continue
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `"`+key+`":[`...)
		comma := false
		for sample := range s.All() {
			if comma {
				out = append(out, ',')
			}
			comma = true
			out = strconv.AppendInt(out, sample.values()[i], 10)
		}
		out = append(out, ']')
	}
	return append(append([]byte{'{'}, out...), '}'), nil
}

// SeriesError says why a text is no Series.
type SeriesError struct {
	Offset int64 // in bytes from the start of the text, that of what is wrong
	Err    error
}

func (e *SeriesError) Error() string { return "samples: " + e.Err.Error() }

// Unwrap gives the reason alone.
func (e *SeriesError) Unwrap() error { return e.Err }

// UnmarshalJSON reads what MarshalJSON writes, and the list of objects that
// files of version 1 have: [{"t":0,"anon":4096}]. Keys that are not known are
// passed over. Errors are a *SeriesError: no JSON, something that is no whole
// number, a negative amount of memory, lists that are not of one length. On an
// error the Series stays as it was.
func (s *Series) UnmarshalJSON(data []byte) error {
	var syntax *json.SyntaxError
	if err := json.Unmarshal(data, new(passed)); errors.As(err, &syntax) {
		return &SeriesError{max(syntax.Offset-1, 0), err}
	}
	p := seriesParser{data: data}
	var err error
	switch p.blanks(); data[p.at] {
	case 'n':
	case '[':
		err = p.objects()
	case '{':
		err = p.lists()
	default:
		err = p.failed("%s where an object of lists is needed", kind(data[p.at:]))
	}
	if err != nil {
		return err
	}
	*s = p.read
	// A file is read once and kept for long.
	s.data = append(make([]byte, 0, len(s.data)), s.data...)
	return nil
}

// sound says what is wrong with a value of the column of that index.
func sound(column int, v int64) error {
	if column > 0 && v < 0 {
		return fmt.Errorf("%q is negative: %d", columns[column], v)
	}
	return nil
}

// sampleOf is the inverse of Sample.values.
func sampleOf(v [6]int64) Sample {
	return Sample{At: time.Duration(v[0]), Anon: Bytes(v[1]), Hugetlb: Bytes(v[2]), Shmem: Bytes(v[3]), Swap: Bytes(v[4]), File: Bytes(v[5])}
}

// kind names the JSON value at the start of text.
func kind(text []byte) string {
	if len(text) == 0 {
		return "nothing"
	}
	switch text[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}
