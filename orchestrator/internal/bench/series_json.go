package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	d := &seriesDecoder{data: data, Decoder: json.NewDecoder(bytes.NewReader(data))}
	read, err := d.series()
	if err != nil {
		return err
	}
	*s = read
	return nil
}

// passed is a value that is passed over.
type passed struct{}

func (*passed) UnmarshalJSON([]byte) error { return nil }

// seriesDecoder reads one Series from data, which is JSON, piece by piece, so
// that nothing is held but the numbers of the lists.
type seriesDecoder struct {
	*json.Decoder
	data []byte
}

func (d *seriesDecoder) series() (Series, error) {
	var s Series
	at := d.start()
	token, err := d.Token()
	if err != nil {
		return s, d.failed(at, err)
	}
	switch token {
	case nil:
	case json.Delim('['):
		s, err = d.objects()
	case json.Delim('{'):
		s, err = d.lists()
	default:
		return s, &SeriesError{at, fmt.Errorf("%s where an object of lists is needed", kind(d.data[at:]))}
	}
	return s, err
}

// objects reads a sample per element.
func (d *seriesDecoder) objects() (Series, error) {
	var s Series
	for d.More() {
		at := d.start()
		var sample Sample
		if err := d.Decode(&sample); err != nil {
			return s, d.failed(at, err)
		}
		for i, v := range sample.values() {
			if err := sound(i, v); err != nil {
				return s, &SeriesError{at, err}
			}
		}
		s.Append(sample)
	}
	_, err := d.Token()
	return s, d.failed(d.InputOffset(), err)
}

// lists reads a list per value of a sample.
func (d *seriesDecoder) lists() (Series, error) {
	var s Series
	var lists [len(columns)][]int64
	var seen [len(columns)]bool
	for d.More() {
		at := d.start()
		key, err := d.Token()
		if err != nil {
			return s, d.failed(at, err)
		}
		i := slices.Index(columns[:], fmt.Sprint(key))
		switch {
		case i < 0:
			err = d.Decode(new(passed))
		case seen[i]:
			return s, &SeriesError{at, fmt.Errorf("%q stands there twice", key)}
		default:
			seen[i] = true
			at = d.start()
			lists[i], err = d.list(i)
		}
		if err != nil {
			return s, d.failed(at, err)
		}
	}
	end := d.InputOffset()
	if _, err := d.Token(); err != nil {
		return s, d.failed(end, err)
	}
	for i, list := range lists {
		if len(list) != len(lists[0]) && (seen[i] || i < always) {
			return s, &SeriesError{end, fmt.Errorf("%d values of %q, but %d of %q", len(list), columns[i], len(lists[0]), columns[0])}
		}
	}
	for row := range lists[0] {
		var values [len(columns)]int64
		for i := range values {
			if seen[i] {
				values[i] = lists[i][row]
			}
		}
		s.Append(sampleOf(values))
	}
	return s, nil
}

// list reads the values of the column of that index.
func (d *seriesDecoder) list(column int) ([]int64, error) {
	at := d.start()
	if err := d.Decode(new(passed)); err != nil {
		return nil, err
	}
	raw := d.data[at:d.InputOffset()]
	if raw[0] != '[' {
		return nil, &SeriesError{at, fmt.Errorf("%s where %q needs a list of numbers", kind(raw), columns[column])}
	}
	list := make([]int64, 0, 1+bytes.Count(raw, []byte(",")))
	for i := 1; i < len(raw)-1; {
		if bytes.IndexByte(blanks, raw[i]) >= 0 {
			i++
			continue
		}
		end := i
		for end < len(raw)-1 && bytes.IndexByte([]byte("+-.eE0123456789"), raw[end]) >= 0 {
			end++
		}
		if end == i {
			return nil, &SeriesError{at + int64(i), fmt.Errorf("%s where %q needs a number", kind(raw[i:]), columns[column])}
		}
		v, err := strconv.ParseInt(string(raw[i:end]), 10, 64)
		if err != nil {
			return nil, &SeriesError{at + int64(i), fmt.Errorf("number %.40s where %q needs a whole one of 64 bits", raw[i:end], columns[column])}
		}
		if err := sound(column, v); err != nil {
			return nil, &SeriesError{at + int64(i), err}
		}
		list = append(list, v)
		i = end
	}
	return list, nil
}

// blanks stand between values.
var blanks = []byte(" \t\r\n,:")

// start gives the offset of the next value or key.
func (d *seriesDecoder) start() int64 {
	at := d.InputOffset()
	for at < int64(len(d.data)) && bytes.IndexByte(blanks, d.data[at]) >= 0 {
		at++
	}
	return at
}

// failed gives an error of the value at that offset a place; nil for nil.
func (d *seriesDecoder) failed(at int64, err error) error {
	var placed *SeriesError
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &placed):
		return placed
	case errors.As(err, &wrong):
		if wrong.Field == "" {
			return &SeriesError{at, fmt.Errorf("%s where a sample is needed", wrong.Value)}
		}
		return &SeriesError{at, fmt.Errorf("%s where %q needs a whole number of 64 bits", wrong.Value, wrong.Field)}
	}
	return &SeriesError{at, err}
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
