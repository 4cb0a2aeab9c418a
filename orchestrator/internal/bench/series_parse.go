package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

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
			return p.failed("%s where %q needs a 64-bit whole number", wrong.Value, wrong.Field)
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
			return p.failed("%q occurs twice", key)
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
			err = fmt.Errorf("number %.40s where %q needs a 64-bit whole number", text, columns[column])
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
