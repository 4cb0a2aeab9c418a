package vars

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Env is a snapshot of a process's environment.
type Env map[string]string

// Environ makes an Env of a list such as os.Environ gives. Of a name that occurs
// twice the first value counts, and what is not UTF-8 is left out: it cannot be
// filled into a text.
func Environ(list []string) Env {
	env := make(Env, len(list))
	for _, entry := range list {
		name, value, ok := strings.Cut(entry, "=")
		if _, again := env[name]; ok && !again && utf8.ValidString(entry) {
			env[name] = value
		}
	}
	return env
}

// Scope is what the variables of one iteration stand for: its own values, and
// behind them the environment. It belongs to one goroutine at a time.
type Scope struct {
	env    Env
	values map[string]any
}

// NewScope makes a Scope without values. env may be nil and is not changed.
func NewScope(env Env) *Scope { return &Scope{env: env, values: map[string]any{}} }

// Reset forgets the values, for the next iteration.
func (s *Scope) Reset() { clear(s.values) }

// Set gives a name a value: nil, bool, int, int64, uint64, float64, string,
// []any, map[string]any or *Lazy. A name with a dot or bracket in it is never
// found again, as those are steps.
func (s *Scope) Set(name string, value any) { s.values[name] = value }

// Get follows a path such as user.phones[1].number, first into the values, and
// if there is nothing there looks up the whole of it in the environment.
func (s *Scope) Get(path string) (value any, ok bool) {
	if value, ok := s.value(steps(path)); ok {
		return value, true
	}
	if text, ok := s.env[path]; ok {
		return text, true
	}
	return nil, false
}

// value follows steps, of which there is at least one, into the values. A null
// is there, but nothing is in it.
func (s *Scope) value(path []string) (any, bool) {
	value, ok := s.values[path[0]]
	for _, step := range path[1:] {
		if !ok {
			break
		}
		value, ok = member(force(value), step)
	}
	return force(value), ok
}

// member steps into an object by key or into an array by index.
func member(value any, step string) (any, bool) {
	switch v := value.(type) {
	case map[string]any:
		m, ok := v[step]
		return m, ok
	case []any:
		// As in a JSON pointer: digits alone, no leading zero.
		if step == "" || step[0] < '0' || step[0] > '9' || step[0] == '0' && step != "0" {
			return nil, false
		}
		i, err := strconv.Atoi(step)
		if err != nil || i >= len(v) {
			return nil, false
		}
		return v[i], true
	}
	return nil, false
}

// steps cuts a path at its dots and opening brackets; closing brackets count
// for nothing.
func steps(path string) []string {
	path = strings.ReplaceAll(strings.ReplaceAll(path, "]", ""), "[", ".")
	return strings.Split(path, ".")
}

// Lazy is a value that is worked out when it is first looked at, such as the
// body of an answer that most plans never look into.
type Lazy struct {
	work  func() any // nil once it is done
	value any
}

// NewLazy makes a Lazy of what work gives, which is called at most once.
func NewLazy(work func() any) *Lazy { return &Lazy{work: work} }

func force(value any) any {
	l, ok := value.(*Lazy)
	if !ok {
		return value
	}
	if l.work != nil {
		l.value, l.work = l.work(), nil
	}
	return l.value
}
