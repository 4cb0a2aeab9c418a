package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// kinds names the records in the stream: {"of":"libc/3","batch":{...}}.
var kinds = map[string]reflect.Type{
	"header":   reflect.TypeFor[Header](),
	"engine":   reflect.TypeFor[Engine](),
	"step":     reflect.TypeFor[Step](),
	"round":    reflect.TypeFor[Round](),
	"trial":    reflect.TypeFor[Trial](),
	"proof":    reflect.TypeFor[bench.Proof](),
	"phase":    reflect.TypeFor[bench.Phase](), // twice: without an end as it begins, and with it
	"sample":   reflect.TypeFor[bench.Sample](),
	"gauge":    reflect.TypeFor[bench.Gauge](),
	"edge":     reflect.TypeFor[bench.Edge](),
	"batch":    reflect.TypeFor[bench.Batch](),
	"progress": reflect.TypeFor[Progress](),
	"warning":  reflect.TypeFor[bench.Warning](),
	"ended":    reflect.TypeFor[Ended](),
	"left_out": reflect.TypeFor[bench.LeftOut](),
	"judged":   reflect.TypeFor[Judged](),
	"resumed":  reflect.TypeFor[Resumed](),
	"note":     reflect.TypeFor[Note](),
	"end":      reflect.TypeFor[End](),
}

// names is kinds the other way round.
var names = func() map[reflect.Type]string {
	m := map[reflect.Type]string{}
	for name, t := range kinds {
		m[t] = name
	}
	return m
}()

// inTrial are the kinds that belong to a trial. A warning may, too.
var inTrial = map[string]bool{
	"trial": true, "proof": true, "phase": true, "sample": true, "gauge": true, "edge": true, "batch": true, "progress": true, "ended": true,
}

// appendLine appends a record as a line of the stream. An error is one that could
// not be read again: a value that JSON does not know, such as a time in the year
// 10000, a trial of no name, a line beyond the bound.
func appendLine(b []byte, r Record) ([]byte, error) {
	name, value, err := parts(r.What)
	if err != nil {
		return b, err
	}
	begin := len(b)
	b = append(b, '{')
	if r.Of != (Of{}) {
		if _, err := parseOf(r.Of.String()); err != nil {
			return b[:begin], fmt.Errorf("write a record of %s: %w", name, err)
		}
		of, err := encode(r.Of.String())
		if err != nil {
			return b[:begin], err
		}
		b = append(append(append(b, `"of":`...), of...), ',')
	} else if inTrial[name] {
		return b[:begin], fmt.Errorf("write a record of %s: %w", name, errNoTrial)
	}
	kind, err := encode(name)
	if err != nil {
		return b[:begin], err
	}
	b = append(append(append(append(b, kind...), ':'), value...), '}')
	// Names and answers of others are in it: a terminal must not act on them.
	b = append(append(b[:begin], plain.JSON(b[begin:])...), '\n')
	if len(b)-begin > usual.line {
		return b[:begin], fmt.Errorf("write a record of %s: it is longer than %d MiB", name, usual.line>>20)
	}
	if err := tooManyParts(b[begin:]); err != nil {
		return b[:begin], fmt.Errorf("write a record of %s: %w", name, err)
	}
	return b, nil
}

// parts gives the name and the value of a line.
func parts(what any) (name string, value []byte, err error) {
	if u, ok := what.(Unknown); ok {
		if u.Kind == "" || u.Kind == "of" || kinds[u.Kind] != nil {
			return "", nil, fmt.Errorf("%q is no kind of a newer version", u.Kind)
		}
		var line bytes.Buffer // whatever it was, it is one line
		err := json.Compact(&line, u.Value)
		return u.Kind, line.Bytes(), err
	}
	if name = nameOf(what); name == "" {
		return "", nil, fmt.Errorf("%T is not a record", what)
	}
	if value, err = encode(what); err != nil {
		return "", nil, fmt.Errorf("write a record of %s: %w", name, err)
	}
	return name, value, nil
}

// errNoTrial is the fault of a record that says what happened in a trial and
// not in which.
var errNoTrial = errors.New("without the trial it belongs to")

// encode gives JSON that leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// mostParts bounds the objects in a record: an empty one has three letters and
// takes a hundred bytes. Those of our longest headers have more than 60 letters.
const mostParts = 300_000

func tooManyParts(line []byte) error {
	if len(line) > mostParts && bytes.Count(line, []byte("{")) > mostParts {
		return fmt.Errorf("it has more than %d parts", mostParts)
	}
	return nil
}

// parseLine reads a record. A field or a kind that this version does not know is
// no error: newer is true then.
func parseLine(line []byte) (r Record, newer bool, err error) {
	if err := tooManyParts(line); err != nil {
		return Record{}, false, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return Record{}, false, err
	}
	of, given := fields["of"]
	delete(fields, "of")
	kind, newer, err := kindOf(fields)
	if err != nil {
		return Record{}, false, err
	}
	if given {
		var text string
		if err := json.Unmarshal(of, &text); err != nil {
			return Record{}, false, err
		}
		if r.Of, err = parseOf(text); err != nil {
			return Record{}, false, err
		}
	}
	t := kinds[kind]
	if t == nil {
		r.What = Unknown{kind, fields[kind]}
		return r, true, nil
	}
	if inTrial[kind] && r.Of == (Of{}) {
		return Record{}, false, fmt.Errorf("%q %w", kind, errNoTrial)
	}
	if string(fields[kind]) == "null" {
		return Record{}, false, fmt.Errorf("%q says nothing", kind)
	}
	value := reflect.New(t)
	strange, err := decode(fields[kind], value.Interface())
	if err != nil {
		return Record{}, false, fmt.Errorf("%q: %w", kind, err)
	}
	r.What = value.Elem().Interface()
	return r, newer || strange, nil
}

// kindOf finds the field that says what happened: the one that is known, or else
// the first by name. newer says that there are others.
func kindOf(fields map[string]json.RawMessage) (kind string, newer bool, err error) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch {
		case kinds[name] == nil:
			if kind == "" {
				kind = name
			}
		case kinds[kind] != nil:
			return "", false, fmt.Errorf("both %q and %q", kind, name)
		default:
			kind = name
		}
	}
	if kind == "" {
		return "", false, errors.New("it has no record")
	}
	return kind, len(fields) > 1, nil
}

// decode reads JSON into v, and says whether it has fields that v has not.
func decode(text []byte, v any) (strange bool, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err == nil {
		return false, nil
	}
	// Once more without being strict: what fails now is wrong and not new.
	reflect.ValueOf(v).Elem().SetZero()
	return true, json.Unmarshal(text, v)
}

// nameOf gives the kind of a record; empty for what is none.
func nameOf(what any) string { return names[reflect.TypeOf(what)] }
