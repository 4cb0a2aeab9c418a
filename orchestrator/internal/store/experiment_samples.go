package store

import (
	"encoding/binary"
	"reflect"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// sampleType has the keys that the lists of a bench.Series have in JSON.
var sampleType = reflect.TypeFor[bench.Sample]()

// column holds the numbers of a list as the varints of their differences: a trial
// of days has millions.
type column struct {
	coded []byte
	at    int // in coded
	last  int64
	count int
}

// append adds a number and gives by how much memory the column grew.
func (c *column) append(v int64) (grew int) {
	before := cap(c.coded)
	c.coded = binary.AppendVarint(c.coded, v-c.last) // it may wrap around, and does so back again
	c.last = v
	c.count++
	return cap(c.coded) - before
}

// rewind goes back to the first number.
func (c *column) rewind() { c.at, c.last = 0, 0 }

// next gives the next number.
func (c *column) next() int64 {
	difference, n := binary.Varint(c.coded[c.at:])
	c.at += n
	c.last += difference
	return c.last
}

// series reads the samples of a trial: lists by key, or a list of objects as in
// the first version.
func (d *decoder) series(to *bench.Series, first byte) error {
	switch first {
	case '{':
		return d.lists(to)
	case '[':
		return d.objects(to)
	}
	return d.wrong("an object of lists", mostValue)
}

// appendTo adds a sample within the budget.
func (d *decoder) appendTo(s *bench.Series, sample bench.Sample) error {
	before := s.Size()
	s.Append(sample)
	return d.spend(s.Size() - before)
}

// objects reads an element per sample.
func (d *decoder) objects(to *bench.Series) error {
	d.open()
	d.path = append(d.path, step{"", 0})
	defer func() { d.path = d.path[:len(d.path)-1] }()
	var sample bench.Sample
	fields := reflect.ValueOf(&sample).Elem()
	for n := 0; ; n++ {
		more, err := d.more(n == 0, ']', "after array element")
		if !more || err != nil {
			return err
		}
		d.path[len(d.path)-1].index = n
		if _, err := d.peek(); err != nil {
			return d.cut(err)
		}
		at := d.here
		sample = bench.Sample{}
		if err := d.decode(fields); err != nil {
			return err
		}
		for i := range fields.NumField() {
			if err := d.sound(at, i, fields.Field(i).Int()); err != nil {
				return err
			}
		}
		if err := d.appendTo(to, sample); err != nil {
			return err
		}
	}
}

// lists reads a list per value of the samples.
func (d *decoder) lists(to *bench.Series) error {
	if d.columns == nil {
		d.columns = make([]column, sampleType.NumField())
	}
	columns := d.columns
	for i := range columns {
		columns[i] = column{coded: columns[i].coded[:0]}
	}
	var seen fieldSet
	err := d.members(func(key string, at place) error {
		i, ok := d.indexOf(sampleType, key)
		if !ok {
			return d.keep(d.where(key), at)
		}
		if seen&(1<<i) != 0 {
			return d.twice(key, at)
		}
		seen |= 1 << i
		d.path = append(d.path, step{key, -1})
		defer func() { d.path = d.path[:len(d.path)-1] }()
		return d.numbers(&columns[i], i)
	})
	if err != nil {
		return err
	}
	count := columns[0].count
	for i := range columns {
		// Lists that hold nothing but zeros are left out, but for the first two.
		if n := columns[i].count; n != count && (i < 2 || seen&(1<<i) != 0) {
			return d.last.at("%d values of %q where %q has %d", n, d.where(keyOf(i)), keyOf(0), count)
		}
		columns[i].rewind()
	}
	var sample bench.Sample
	fields := reflect.ValueOf(&sample).Elem()
	for range count {
		for i := range columns {
			if seen&(1<<i) != 0 {
				fields.Field(i).SetInt(columns[i].next())
			}
		}
		if err := d.appendTo(to, sample); err != nil {
			return err
		}
	}
	return nil
}

// keyOf gives the key of the value of that index of a sample.
func keyOf(i int) string { return jsonName(sampleType.Field(i)) }

// sound is an error for a value of that index that no sample has.
func (d *decoder) sound(at place, i int, v int64) error {
	if i > 0 && v < 0 {
		return at.at("%q is negative: %d", d.where(keyOf(i)), v)
	}
	return nil
}

// numbers reads the list of the value of that index.
func (d *decoder) numbers(c *column, i int) error {
	b, err := d.peek()
	if err != nil {
		return d.cut(err)
	}
	if b != '[' {
		return d.wrong("a list", mostValue)
	}
	d.open()
	var v int64
	slow := reflect.ValueOf(&v).Elem()
	for n := 0; ; n++ {
		more, err := d.more(n == 0, ']', "after array element")
		if !more || err != nil {
			return err
		}
		b, err := d.peek()
		if err != nil {
			return d.cut(err)
		}
		at, ok := d.here, false
		if v, ok = d.short(); !ok {
			if err := d.leaf(slow, b); err != nil {
				return err
			}
		}
		if i > 0 && v < 0 {
			return at.at("%q is negative: %d", d.where(""), v)
		}
		if err := d.spend(c.append(v)); err != nil {
			return err
		}
	}
}

// longestShort is as many digits as fit into 64 bits in any case.
const longestShort = 18

// short reads a whole number without a sign if it is the next thing and not too
// long, which nearly all are.
func (d *decoder) short() (v int64, ok bool) {
	chunk, _ := d.r.Peek(longestShort + 1)
	n := 0
	for n < len(chunk) && chunk[n] >= '0' && chunk[n] <= '9' {
		v = 10*v + int64(chunk[n]-'0')
		n++
	}
	if n == 0 || n == len(chunk) || !ends(chunk[n]) || n > 1 && chunk[0] == '0' {
		return 0, false
	}
	d.here.column += n
	d.last = place{d.here.line, d.here.column - 1}
	_, _ = d.r.Discard(n)
	return v, true
}
