package bench

import (
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

// passed is a value that is passed over.
type passed struct{}

func (*passed) UnmarshalJSON([]byte) error { return nil }

// seriesParser reads one Series from data, which is JSON for sure. It holds
// nothing but what it has read.
type seriesParser struct {
	data []byte
	at   int
	read Series
}

// failed is an error at the place that was reached.
func (p *seriesParser) failed(format string, args ...any) error {
	return &SeriesError{int64(p.at), fmt.Errorf(format, args...)}
}

// between says whether a byte stands between values and keys.
func between(b byte) bool {
	return b == ',' || b == ':' || b == ' ' || b == '\n' || b == '\t' || b == '\r'
}

// blanks goes on to the next value, key or end.
func (p *seriesParser) blanks() {
	for p.at < len(p.data) && between(p.data[p.at]) {
		p.at++
	}
}

// value goes on to the end of a value and gives it.
func (p *seriesParser) value() []byte {
	from, depth := p.at, 0
	for p.at < len(p.data) {
		switch p.data[p.at] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return p.data[from:p.at] // a number or word before the end of a list
			}
			depth--
		case '"':
			for p.at++; p.data[p.at] != '"'; p.at++ {
				if p.data[p.at] == '\\' {
					p.at++
				}
			}
		default:
			if depth == 0 && between(p.data[p.at]) {
				return p.data[from:p.at]
			}
			p.at++
			continue
		}
		p.at++
		if depth == 0 {
			break
		}
	}
	return p.data[from:p.at]
}

// objects reads a sample per element.
func (p *seriesParser) objects() error {
	p.at++
	for p.blanks(); p.data[p.at] != ']'; p.blanks() {
		from := p.at
		var sample Sample
		err := json.Unmarshal(p.value(), &sample)
		p.at = from
		var wrong *json.UnmarshalTypeError
		switch {
		case errors.As(err, &wrong) && wrong.Field == "":
			return p.failed("%s where a sample is needed", wrong.Value)
		case errors.As(err, &wrong):
			return p.failed("%s where %q needs a whole number of 64 bits", wrong.Value, wrong.Field)
		case err != nil:
			return p.failed("%w", err)
		}
		for i, v := range sample.values() {
			if err := sound(i, v); err != nil {
				return p.failed("%w", err)
			}
		}
		p.read.Append(sample)
		p.value()
	}
	return nil
}

// lists reads a list per value of a sample, all of them side by side.
func (p *seriesParser) lists() error {
	var lists [len(columns)]seriesParser
	var seen [len(columns)]bool
	p.at++
	for p.blanks(); p.data[p.at] != '}'; p.blanks() {
		keyAt := p.at
		var key string
		if err := json.Unmarshal(p.value(), &key); err != nil {
			return p.failed("%w", err)
		}
		i := slices.Index(columns[:], key)
		p.blanks()
		from := p.at
		value := p.value()
		switch {
		case i < 0:
		case seen[i]:
			p.at = keyAt
			return p.failed("%q stands there twice", key)
		case value[0] != '[':
			p.at = from
			return p.failed("%s where %q needs a list of numbers", kind(value), key)
		default:
			seen[i] = true
			lists[i] = seriesParser{data: p.data[:p.at], at: from + 1}
		}
	}
	for n := 0; ; n++ {
		var values [len(columns)]int64
		var more [len(columns)]bool
		for i := range lists {
			if !seen[i] {
				continue
			}
			var err error
			if values[i], more[i], err = lists[i].number(i); err != nil {
				return err
			}
		}
		for i := range lists {
			if more[i] != more[0] && (seen[i] || i < always) {
				return p.failed("%d values of %q, but %d of %q", n+lists[i].rest(more[i]), columns[i], n+lists[0].rest(more[0]), columns[0])
			}
		}
		if !more[0] {
			return nil
		}
		p.read.Append(sampleOf(values))
	}
}

// number reads the next number of the column of that index, if there is one.
func (p *seriesParser) number(column int) (v int64, more bool, err error) {
	p.blanks()
	if p.data[p.at] == ']' {
		return 0, false, nil
	}
	from := p.at
	text := p.value()
	if b := text[0]; b == '-' || b >= '0' && b <= '9' {
		if v, err = strconv.ParseInt(string(text), 10, 64); err == nil {
			err = sound(column, v)
		} else {
			err = fmt.Errorf("number %.40s where %q needs a whole one of 64 bits", text, columns[column])
		}
	} else {
		err = fmt.Errorf("%s where %q needs a number", kind(text), columns[column])
	}
	if err != nil {
		p.at = from
		return 0, false, p.failed("%w", err)
	}
	return v, true, nil
}

// rest counts the values of a list from one that was read, or else from its end.
func (p *seriesParser) rest(read bool) int {
	if !read {
		return 0
	}
	n := 1
	for p.blanks(); p.data[p.at] != ']'; p.blanks() {
		p.value()
		n++
	}
	return n
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
