package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

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

// appendLine appends a record as a line of the stream. An error is a value that
// JSON does not know, such as a time in the year 10000.
func appendLine(b []byte, r Record) ([]byte, error) {
	name, value := "", []byte(nil)
	if u, ok := r.What.(Unknown); ok {
		name, value = u.Kind, u.Value
	} else {
		name = names[reflect.TypeOf(r.What)]
		if name == "" {
			return b, fmt.Errorf("%T is not a record", r.What)
		}
		var err error
		if value, err = encode(r.What); err != nil {
			return b, fmt.Errorf("write a record of %s: %w", name, err)
		}
	}
	begin := len(b)
	b = append(b, '{')
	if r.Of != (Of{}) {
		of, err := encode(r.Of.String())
		if err != nil {
			return b[:begin], err
		}
		b = append(append(append(b, `"of":`...), of...), ',')
	}
	kind, err := encode(name)
	if err != nil {
		return b[:begin], err
	}
	b = append(append(append(append(b, kind...), ':'), value...), '}')
	// Names and answers of others are in it: a terminal must not act on them.
	return append(append(b[:begin], plain.JSON(b[begin:])...), '\n'), nil
}

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

// parseLine reads a record. A field or a kind that this version does not know is
// no error: newer is true then.
func parseLine(line []byte) (r Record, newer bool, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return Record{}, false, err
	}
	kind := ""
	for name := range fields {
		switch {
		case name == "of":
		case kind == "" || kinds[kind] == nil && kinds[name] != nil:
			newer = newer || kind != ""
			kind = name
		default:
			if kinds[name] != nil {
				return Record{}, false, fmt.Errorf("both %q and %q", kind, name)
			}
			newer = true
		}
	}
	if kind == "" {
		return Record{}, false, errors.New("it has no record")
	}
	if of, ok := fields["of"]; ok {
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
		return Record{}, false, fmt.Errorf("%q without the trial it belongs to", kind)
	}
	value := reflect.New(t)
	strange, err := decode(fields[kind], value.Interface())
	if err != nil {
		return Record{}, false, fmt.Errorf("%q: %w", kind, err)
	}
	r.What = value.Elem().Interface()
	return r, newer || strange, nil
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
