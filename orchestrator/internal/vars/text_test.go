package vars

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	check := func(text string, names ...string) {
		t.Helper()
		parsed := Parse(text)
		if diff := cmp.Diff(names, parsed.Names()); diff != "" {
			t.Errorf("names of %q (-want +got):\n%s", text, diff)
		}
		if parsed.Static() != (len(names) == 0) {
			t.Errorf("Parse(%q).Static() = %t", text, parsed.Static())
		}
		if parsed.String() != text {
			t.Errorf("Parse(%q).String() = %q", text, parsed.String())
		}
	}
	check("")
	check("plain { text }")
	check("{{x}}", "x")
	check("{{   x }}", "x")
	check("a{{ x }}b{{y}}{{ x }}c", "x", "y", "x")
	check("{{ a-Z.9_$[0] }}", "a-Z.9_$[0]")
	check("{{ a.b[1].c }}", "a.b[1].c")
	check("{{ a[ }}{{ a. }}{{ a..b }}{{ a]] }}", "a[", "a.", "a..b", "a]]")
	check("{{{x}}}", "x")
	check("{{{{ x }}}}", "x")
	check("{{ {{ x }}", "x")
	check("{{ a {{ x }} }}", "x")
	check("{{a{{x}}", "x")
	for _, text := range []string{
		"{{}}", "{{ }}", "{{ 1a }}", "{{ _a }}", "{{ $a }}", "{{ .a }}", "{{ [0] }}", "{{ a b }}", "{{ a|b }}", "{{ a() }}",
		"{{\tx }}", "{{ x\n}}", "{{\u00a0x }}", "{{ é }}", "{{ aé }}", "{{ a/b }}", "{{ a~0 }}",
		"{ { x }}", "{{ x } }", "{{ x }", "{{ x", "{{", "{", "}}", "{% x %}", "${x}", `{{ "x" }}`,
	} {
		check(text)
	}
}

func TestFind(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		if got := Find(text); got != want {
			t.Errorf("Find(%q) = %q, want %q", text, got, want)
		}
	}
	check("", "")
	check("{{ 1 }}", "")
	check("a {{  x}} {{ y }}", "{{  x}}")
	check("{{{x}}}", "{{x}}")
}

func TestAppend(t *testing.T) {
	s := NewScope(Env{"HOME": "/root", "x": "hidden", "empty": "", "user.name": "from the environment", "user.id": "hidden"})
	s.Set("x", "1")
	s.Set("text", "{{ x }}")
	s.Set("null", nil)
	s.Set("user", map[string]any{"id": int64(7), "": "no key", "null": nil})
	s.Set("list", []any{"a", map[string]any{"b": []any{true, "c"}}})
	check := func(text, want string) {
		t.Helper()
		got, err := Parse(text).Render(s, nil)
		if err != nil || got != want {
			t.Errorf("Render(%q) = %q, %v, want %q", text, got, err, want)
		}
		b, err := Parse(text).Append([]byte("before "), s, nil)
		if err != nil || string(b) != "before "+want {
			t.Errorf("Append of %q = %q, %v, want %q", text, b, err, "before "+want)
		}
	}
	check("", "")
	check("plain", "plain")
	check("a{{ x }}b{{x}}{{ x }}c", "a1b11c")
	check("{{{x}}}", "{1}")
	check("{{ text }}", "{{ x }}") // not looked at again
	check("{{ null }}", "")
	check("{{ HOME }}/{{ empty }}", "/root/")
	check("{{ user.id }}{{ user[id] }}", "77")
	check("{{ user.name }}", "from the environment")
	check("{{ user. }}{{ user[] }}", "no keyno key")
	check("{{ user.null }}", "")
	check("{{ list.0 }}{{ list[0] }}{{ list[0 }}{{ list.]0 }}", "aaaa")
	check("{{ list[1].b[0] }} {{ list.1.b.0 }} {{ list[1][b][1] }}", "true true c")
	check("{{ list }}", `["a",{"b":[true,"c"]}]`)
	check("{{ 1 }}{{ x y }}", "{{ 1 }}{{ x y }}")
}

func TestAppendUnknown(t *testing.T) {
	s := NewScope(Env{"a.b": "unseen"})
	s.Set("null", nil)
	s.Set("text", "abc")
	s.Set("number", int64(1))
	s.Set("list", []any{"a"})
	s.Set("user", map[string]any{"id": 1, "null": nil})
	s.Set("dotted.name", "unreachable")
	for _, name := range []string{
		"x", "X", "a", "a[b]", "null.a", "text.0", "number.a", "list.a", "list.1", "list.00", "list.01", "list.-1",
		"list.9223372036854775808", "list.", "user.x", "user..id", "user.null.x", "dotted.name",
	} {
		text := Parse("<{{ " + name + " }}>")
		got, err := text.Append(nil, s, nil)
		if unknown, ok := errors.AsType[*UnknownError](err); !ok || unknown.Name != name {
			t.Errorf("%s: got %q, %v, want an UnknownError", name, got, err)
		}
		var told []string
		rendered, err := text.Render(s, func(name string) { told = append(told, name) })
		if err != nil || rendered != "<>" {
			t.Errorf("%s, relaxed: got %q, %v, want <>", name, rendered, err)
		}
		if diff := cmp.Diff([]string{name}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	}
	if got, want := (&UnknownError{"a.b"}).Error(), "unknown variable a.b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAppendAllocs(t *testing.T) {
	s := NewScope(Env{"HOME": "/root"})
	s.Set("x", strings.Repeat("x", 60))
	s.Set("user", map[string]any{"name": "n", "ids": []any{int64(1 << 40), 0.5, true}})
	body := strings.Repeat("0123456789abcdef", 1<<17)
	check := func(text string, dst []byte, want float64) {
		t.Helper()
		parsed := Parse(text)
		got := testing.AllocsPerRun(20, func() {
			if _, err := parsed.Append(dst, s, nil); err != nil {
				t.Error(err)
			}
		})
		if got > want {
			t.Errorf("Append of %.40q allocates %v times, want at most %v", text, got, want)
		}
	}
	reused := make([]byte, 0, 3<<20)
	check("a {{ x }} b {{ user.name }} c {{ HOME }}", reused, 0)
	check("{{ user.ids[0] }} {{ user.ids[1] }} {{ user.ids }}", reused, 0)
	check(body+"{{ x }}", reused, 0)
	check(body, nil, 1)

	// A buffer that had to grow twice has more room than was asked for.
	got, err := Parse(body+"{{ x }}"+body).Append(nil, s, nil)
	if err != nil || cap(got) > len(got)+len(got)/8 {
		t.Errorf("%d bytes are in a buffer of %d, %v", len(got), cap(got), err)
	}
}

func Example() {
	text := Parse("GET /users/{{ user.ids[1] }}?from={{ HOST }}")
	answer, err := DecodeJSON([]byte(`{"ids": [7, 8]}`))
	if err != nil {
		fmt.Println(err)
	}
	s := NewScope(Environ([]string{"HOST=here"}))
	s.Set("user", answer)
	fmt.Println(text.Render(s, nil))
	s.Reset()
	fmt.Println(text.Render(s, nil))
	// Output:
	// GET /users/8?from=here <nil>
	// GET /users/ unknown variable user.ids[1]
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "{{ x }}", "{{{x}}}{{ a.b[1] }}", "{{ {{ x }}", "{{  a  }} {{ 1 }} }}", "{{x}}{{x}}{{x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		text := Parse(raw)
		if text.String() != raw || text.Static() != (Find(raw) == "") || text.Static() != (len(text.Names()) == 0) {
			t.Fatalf("Parse(%q) is %q, static %t, names %q", raw, text.String(), text.Static(), text.Names())
		}
		// Every variable stands for itself as it is written, so that the text
		// comes out again, whatever blanks are in its variables.
		s := NewScope(nil)
		for rest, name := raw, ""; ; {
			start, end, next := next(rest)
			if name = next; name == "" {
				break
			}
			s.env = Env{name: rest[start:end]}
			if got, err := Parse(rest[:end]).Render(s, nil); err != nil || got != rest[:end] {
				t.Fatalf("Render(%q) = %q, %v", rest[:end], got, err)
			}
			rest = rest[end:]
		}
		env := Env{}
		for _, name := range text.Names() {
			env[name] = "{{" + name + "}}"
		}
		got, err := text.Append(nil, NewScope(env), nil)
		if err != nil {
			t.Fatal(err)
		}
		if again := Parse(string(got)); !cmp.Equal(again.Names(), text.Names()) {
			t.Fatalf("%q has names %q, but as %q it has %q", raw, text.Names(), got, again.Names())
		}
		if text.Static() && !bytes.Equal(got, []byte(raw)) {
			t.Fatalf("static %q is rendered %q", raw, got)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	s := NewScope(Env{"HOST": "localhost"})
	s.Set("id", "17")
	s.Set("user", map[string]any{"name": "n", "ids": []any{int64(7), int64(8)}})
	for name, text := range map[string]string{
		"static":   "/widgets/17?page=2",
		"text":     "/widgets/{{ id }}?page=2",
		"path":     "/widgets/{{ user.ids[1] }}?page=2",
		"env":      "/widgets/{{ HOST }}?page=2",
		"megabyte": strings.Repeat("0123456789abcdef", 1<<16) + "{{ id }}",
	} {
		b.Run(name, func(b *testing.B) {
			parsed := Parse(text)
			var buf []byte
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var err error
				if buf, err = parsed.Append(buf[:0], s, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
