package vars

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Env is a snapshot of a process's environment.
type Env map[string]string

// Environ makes an Env of a list such as os.Environ gives. What is not UTF-8 is
// left out: no plan can name it.
func Environ(list []string) Env {
	env := make(Env, len(list))
	for _, entry := range list {
		if name, value, ok := strings.Cut(entry, "="); ok && utf8.ValidString(entry) {
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

// Set gives a name a value: nil, bool, int64, uint64, float64, string, []any,
// map[string]any or *Lazy.
func (s *Scope) Set(name string, value any) { s.values[name] = value }

// Get follows a path such as user.phones[1].number, first into the values, and
// if there is nothing there looks up the whole of it in the environment.
func (s *Scope) Get(path string) (value any, ok bool) { return s.lookup(path, steps(path)) }

func (s *Scope) lookup(name string, path []string) (any, bool) {
	if value, ok := s.value(path); ok {
		return value, true
	}
	value, ok := s.env[name]
	return value, ok
}

func (s *Scope) value(path []string) (any, bool) {
	if len(path) == 0 {
		return nil, false
	}
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
	make  func() any
	value any
}

// NewLazy makes a Lazy of what make gives, which is called at most once.
func NewLazy(make func() any) *Lazy { return &Lazy{make: make} }

func force(value any) any {
	l, ok := value.(*Lazy)
	if !ok {
		return value
	}
	if l.make != nil {
		l.value, l.make = l.make(), nil
	}
	return l.value
}
