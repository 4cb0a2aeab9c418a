package vars

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnviron(t *testing.T) {
	got := Environ([]string{"A=1", "B=a=b", "C=", "A=2", "no equals sign", "", "D=\xff", "\xff=x", "é=ü"})
	want := Env{"A": "1", "B": "a=b", "C": "", "é": "ü"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Environ (-want +got):\n%s", diff)
	}
}

func TestScope(t *testing.T) {
	s := NewScope(Env{"a": "environment", "a.b": "whole path", "": "no name"})
	check := func(path string, want any, wantOK bool) {
		t.Helper()
		got, ok := s.Get(path)
		if ok != wantOK || !cmp.Equal(want, got) {
			t.Errorf("Get(%q) = %#v, %t, want %#v, %t", path, got, ok, want, wantOK)
		}
	}
	check("a", "environment", true)
	check("a.b", "whole path", true)
	check("a[b]", nil, false)
	check("c", nil, false)
	s.Set("a", map[string]any{"b": []any{nil, false}})
	check("a.b", []any{nil, false}, true)
	check("a.b[0]", nil, true)
	check("a.b.1", false, true)
	check("a.b[2]", nil, false)
	check("a.b[0].c", nil, false)
	s.Set("a", nil)
	check("a", nil, true)
	check("a.b", "whole path", true)
	s.Reset()
	check("a", "environment", true)
}

func TestLazy(t *testing.T) {
	calls := 0
	lazy := NewLazy(func() any {
		calls++
		return map[string]any{"x": int64(1)}
	})
	s := NewScope(nil)
	s.Set("answer", map[string]any{"status": int64(200), "body": lazy})
	if got, ok := s.Get("answer.status"); !ok || got != int64(200) {
		t.Errorf("status: got %v, %t, want 200", got, ok)
	}
	if calls != 0 {
		t.Error("the body was worked out before anyone looked into it")
	}
	for _, path := range []string{"answer.body.x", "answer[body][x]"} {
		if got, ok := s.Get(path); !ok || got != int64(1) {
			t.Errorf("%s: got %v, %t, want 1", path, got, ok)
		}
	}
	if got, ok := s.Get("answer.body"); !ok || !cmp.Equal(got, any(map[string]any{"x": int64(1)})) {
		t.Errorf("body: got %#v, %t", got, ok)
	}
	if got, want := string(AppendValue(nil, map[string]any{"b": lazy})), `{"b":{"x":1}}`; got != want {
		t.Errorf("rendered %s, want %s", got, want)
	}
	if calls != 1 {
		t.Errorf("worked out %d times, want once", calls)
	}
	s.Set("null", NewLazy(func() any { return nil }))
	if got, ok := s.Get("null"); !ok || got != nil {
		t.Errorf("null: got %#v, %t, want nil, true", got, ok)
	}
}
