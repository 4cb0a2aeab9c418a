package vars

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLeftovers(t *testing.T) {
	check := func(text string, want ...string) {
		t.Helper()
		var got []string
		for _, l := range Leftovers(text) {
			got = append(got, l.Written+" – "+l.Why)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
	const inside = "braces inside braces make no name"

	// Variables, and braces that stand for nothing.
	check("")
	check("plain {} }} text } {")
	check("{{ a }}{{b.c[0]}}{{{ d }}}{{ e}}")
	check(`{"a":{"b":{}}}`)
	check(`{"a":{"b":{"c":"{{ x }}"}}}`)
	check(`a = [][]int{{1, 2}, {3}}`)
	check(`\\begin{{a b} c} {{d e} f}`)
	check("query { user { name }}")
	check(`{"e":"{{","g":{"h":{}}}`)
	check("x {{ -")
	check("{{{{{{{{")
	check("}}}}}}}}")

	// What about it makes it none.
	check("{{ v.body.@type }}", `{{ v.body.@type }} – '@' cannot be in a name`)
	check("x{{ first name }}y", `{{ first name }} – a blank cannot be in a name`)
	check("{{$guid}}", `{{$guid}} – a name begins with a letter from a to z, not with '$'`)
	check("{{ _id }}", `{{ _id }} – a name begins with a letter from a to z, not with '_'`)
	check("{{ 1a }}", `{{ 1a }} – a name begins with a letter from a to z, not with '1'`)
	check("{{ é }}", `{{ é }} – a name begins with a letter from a to z, not with 'é'`)
	check("{{ naïve }}", `{{ naïve }} – 'ï' cannot be in a name`)
	check("{{\ta }}", "{{\ta }} – only blanks may stand around a name, and this is '\\t'")
	check("{{ a\n}}", "{{ a\n}} – only blanks may stand around a name, and this is '\\n'")
	check("{{\u00a0a}}", "{{\u00a0a}} – only blanks may stand around a name, and this is '\\u00a0'")
	check("{{ a\tb }}", "{{ a\tb }} – '\\t' cannot be in a name")
	check("{{ a | upper }}", `{{ a | upper }} – a blank cannot be in a name`)
	check("{{ f('x') }}", `{{ f('x') }} – '(' cannot be in a name`)
	check("{{ a,b }}", `{{ a,b }} – ',' cannot be in a name`)
	check(`{{ "a" }}`, `{{ "a" }} – a name begins with a letter from a to z, not with '"'`)
	check("{{  }}", "{{  }} – there is no name in it")
	check("{{}}", "{{}} – there is no name in it")
	check(`{"a":{{}},"b":{{ x }}}`, "{{}} – there is no name in it")
	check("/users/{{ id/edit", "{{ id – the closing braces are missing")
	check("Bearer {{ token", "{{ token – the closing braces are missing")
	check("{{never}x and {{ a }}", "{{never} – the second closing brace is missing")
	check(`{"e":"{{ f"}`, "{{ f – the closing braces are missing")
	check(`{"e":"{{ f","g":{"h":{}}}`, "{{ f – the closing braces are missing")
	check("{{ a {{ b }}", "{{ a – the closing braces are missing")
	check("{{ name }", "{{ name } – the second closing brace is missing")
	check("{{ name }/x", "{{ name } – the second closing brace is missing")

	// Braces in braces.
	check("{{ user.{{ i }}.name }}", "{{ user.{{ i }}.name }} – "+inside)
	check("{{ a.{{ _b }}.c }}", `{{ _b }} – a name begins with a letter from a to z, not with '_'`, "{{ a.{{ _b }}.c }} – "+inside)
	check("{{ a {b} }}", `{{ a {b} }} – a blank cannot be in a name`)
	check("{{ f({a}}}", `{{ f({a}}} – '(' cannot be in a name`)
	check("{{{ 1 }}}", `{{ 1 }} – a name begins with a letter from a to z, not with '1'`)
	check("{{{{ 1 }}}}", `{{ 1 }} – a name begins with a letter from a to z, not with '1'`)
	check("{{ 1 }}{{ a }}{{ 2 }}",
		`{{ 1 }} – a name begins with a letter from a to z, not with '1'`,
		`{{ 2 }} – a name begins with a letter from a to z, not with '2'`)
}

// FuzzLeftovers checks that what is left over is a piece of the text that holds
// no variable of its own, and that a variable alone is never left over.
func FuzzLeftovers(f *testing.F) {
	f.Add("{{ a }} {{ _b }} {{{ {c} }}} }}")
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range Leftovers(text) {
			if !strings.Contains(text, l.Written) || !strings.HasPrefix(l.Written, "{{") || l.Why == "" {
				t.Errorf("%q: %+v", text, l)
			}
			if Find(l.Written) == l.Written {
				t.Errorf("%q: %q is a variable", text, l.Written)
			}
		}
	})
}
