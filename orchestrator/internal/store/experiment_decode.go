package store

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// decoder reads values from a stream into plain data, by the keys that its
// fields have in JSON. A file may claim any number of elements, so each takes
// from a budget.
type decoder struct {
	scanner
	left    int64             // bytes that may still be taken
	path    []step            // to the value that is read
	texts   map[string]string // short texts that were read, for most come often
	fields  map[reflect.Type]map[string]int
	columns []column // of the samples of a trial, for the next one to use again
	unknown unknown
}

// step is a key, or a place in a list.
type step struct {
	key   string
	index int // -1 for a key
}

const (
	mostText  = 16 << 20 // bytes of a text
	mostList  = 64 << 20 // bytes of a list in memory
	mostPath  = 200      // bytes of a path in an error
	shortText = 64       // bytes of a text that is held once
	mostTexts = 10_000   // texts that are held once
)

// perEntry is what a map takes for an entry, in bytes, beside the key's text.
const perEntry = 64

// misfit is a value of another kind than its field.
type misfit struct {
	got, path, need string
}

func (e *misfit) Error() string {
	if e.path == "" {
		return fmt.Sprintf("%s where %s is needed", e.got, e.need)
	}
	return fmt.Sprintf("%s where %q needs %s", e.got, e.path, e.need)
}

// misfit gives the error of a value that begins at that place.
func (d *decoder) misfit(at place, got, need string) error {
	return at.at("%w", &misfit{got, d.where(""), need})
}

// wrong passes over the next value and gives the error of its kind.
func (d *decoder) wrong(need string, most int) error {
	raw, from, err := d.text(most)
	if err != nil {
		return err
	}
	if err := from.check(raw); err != nil {
		return err
	}
	return d.misfit(from, kind(raw[0]), need)
}

// twice is the error of a key that stands there a second time.
func (d *decoder) twice(key string, at place) error {
	return at.at("key %q occurs twice", shortened(key))
}

func shortened(text string) string {
	if len(text) > mostPath {
		return strings.ToValidUTF8(text[:mostPath], "") + "…"
	}
	return text
}

// where writes the path to a key of the value that is read, or to the value
// itself: trials[3].batches[0].future.
func (d *decoder) where(key string) string {
	path := d.path
	if key != "" {
		path = append(path[:len(path):len(path)], step{key, -1})
	}
	var b strings.Builder
	for _, s := range path {
		switch {
		case s.index >= 0:
			fmt.Fprintf(&b, "[%d]", s.index)
		case strings.ContainsFunc(s.key, func(r rune) bool {
			return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}):
			fmt.Fprintf(&b, "[%q]", s.key)
		case b.Len() > 0:
			b.WriteString("." + s.key)
		default:
			b.WriteString(s.key)
		}
	}
	return b.String()
}

// spend takes from the budget.
func (d *decoder) spend(bytes int) error {
	if d.left -= int64(bytes); d.left < 0 {
		return d.here.at("more data than fits into %d MiB of memory; no run makes that much", mostDecoded>>20)
	}
	return nil
}

// decode reads a value. What is null stays as it is.
func (d *decoder) decode(v reflect.Value) error {
	b, err := d.peek()
	if err != nil {
		return d.cut(err)
	}
	if b == 'n' {
		_, err := d.value(mostText)
		return err
	}
	switch to := v.Addr().Interface().(type) {
	case *bench.Series:
		return d.series(to, b)
	case *time.Time:
		return d.time(to)
	}
	need := map[reflect.Kind]byte{reflect.Struct: '{', reflect.Map: '{', reflect.Slice: '['}
	if opening := need[v.Kind()]; opening != 0 && b != opening {
		return d.wrong(map[byte]string{'{': "an object", '[': "a list"}[opening], mostValue)
	}
	switch v.Kind() {
	case reflect.Struct:
		var seen fieldSet
		return d.members(func(key string, at place) error { return d.member(v, key, at, &seen) })
	case reflect.Map:
		return d.entries(v)
	case reflect.Slice:
		return d.elements(v)
	case reflect.Pointer:
		if err := d.spend(int(v.Type().Elem().Size())); err != nil {
			return err
		}
		v.Set(reflect.New(v.Type().Elem()))
		return d.decode(v.Elem())
	}
	return d.leaf(v, b)
}

// members reads an object, each value by a call with its key.
func (d *decoder) members(read func(key string, at place) error) error {
	d.open()
	for first := true; ; first = false {
		more, err := d.more(first, '}', "after object key:value pair")
		if !more || err != nil {
			return err
		}
		b, err := d.peek()
		if err != nil {
			return d.cut(err)
		}
		if b != '"' {
			return d.invalid(b, "looking for beginning of object key string")
		}
		at := d.here
		key, err := d.string()
		if err != nil {
			return err
		}
		if b, err = d.peek(); err != nil {
			return d.cut(err)
		}
		if b != ':' {
			return d.invalid(b, "after object key")
		}
		_, _ = d.take()
		if err := read(key, at); err != nil {
			return err
		}
	}
}

// fieldSet has a bit for each field of a struct.
type fieldSet uint64

// member reads a field of a struct, or keeps it where there is none of that key.
func (d *decoder) member(v reflect.Value, key string, at place, seen *fieldSet) error {
	i, ok := d.indexOf(v.Type(), key)
	if !ok {
		return d.keep(d.where(key), at)
	}
	if *seen&(1<<i) != 0 {
		return d.twice(key, at)
	}
	*seen |= 1 << i
	d.path = append(d.path, step{key, -1})
	defer func() { d.path = d.path[:len(d.path)-1] }()
	return d.decode(v.Field(i))
}

// indexOf gives the number of the field that a key in JSON is for.
func (d *decoder) indexOf(t reflect.Type, key string) (int, bool) {
	if d.fields == nil {
		d.fields = map[reflect.Type]map[string]int{}
	}
	if d.fields[t] == nil {
		d.fields[t] = map[string]int{}
		for i := range t.NumField() {
			d.fields[t][jsonName(t.Field(i))] = i
		}
	}
	i, ok := d.fields[t][key]
	return i, ok
}

// jsonName gives the key that a field has in JSON.
func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// entries reads a map.
func (d *decoder) entries(v reflect.Value) error {
	v.Set(reflect.MakeMap(v.Type()))
	element := reflect.New(v.Type().Elem()).Elem()
	return d.members(func(key string, at place) error {
		k := reflect.ValueOf(key)
		if v.MapIndex(k).IsValid() {
			return d.twice(key, at)
		}
		if err := d.spend(perEntry + len(key)); err != nil {
			return err
		}
		d.path = append(d.path, step{key, -1})
		defer func() { d.path = d.path[:len(d.path)-1] }()
		element.SetZero()
		if err := d.decode(element); err != nil {
			return err
		}
		v.SetMapIndex(k, element)
		return nil
	})
}

// elements reads a list.
func (d *decoder) elements(v reflect.Value) error {
	d.open()
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	d.path = append(d.path, step{"", 0})
	defer func() { d.path = d.path[:len(d.path)-1] }()
	for n := 0; ; n++ {
		more, err := d.more(n == 0, ']', "after array element")
		if !more && err == nil && v.Cap() > n+n/8 {
			fits := reflect.MakeSlice(v.Type(), n, n)
			reflect.Copy(fits, v)
			v.Set(fits)
		}
		if !more || err != nil {
			return err
		}
		size := int(v.Type().Elem().Size())
		if n*size > mostList {
			return d.here.at("a list of more than %d MiB of memory; no run makes that much", mostList>>20)
		}
		if err := d.spend(size); err != nil {
			return err
		}
		d.path[len(d.path)-1].index = n
		v.Grow(1)
		v.SetLen(n + 1)
		if err := d.decode(v.Index(n)); err != nil {
			return err
		}
	}
}
