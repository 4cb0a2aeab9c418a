package weburl

import (
	"strings"
	"testing"
)

func TestWithoutUser(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		if got := WithoutUser(text); got != want {
			t.Errorf("WithoutUser(%q) = %q; want %q", text, got, want)
		}
		// What Parse takes for one is gone, however it is written.
		if u, err := Parse(text); err == nil && u.Password != "" && strings.Contains(want, u.Password) {
			t.Errorf("%q still holds the password of %q", want, text)
		}
	}
	check("http://joe:pw@h/a@b", "http://h/a@b")
	check("http://joe@h", "http://h")
	check("ftp://joe:p:w@h", "ftp://h")
	check(`http://joe:p'"@w@h?@`, "http://h?@")
	check("http:joe:pw@h", "http:h")
	check(`http:\\joe:pw@h`, `http:\\h`)
	check("ht\ntp:\t//joe:pw@h", "ht\ntp:\t//h")
	check("http://joe:pw@h:1:2", "http://h:1:2")
	check("http://{{ user }}:{{ pw }}@{{ host }}/", "http://{{ host }}/")
	for _, text := range []string{
		"", "/", "/a:b@c", "h", "h:80", "http://", "http://h", "http://h/@", "http://h?a@b", "http://h#@",
		"unix:/run/a@b.sock", "mailto:a@b", "{{ base }}/a:b@c",
	} {
		check(text, text)
	}
}

func TestHideUsers(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		if got := HideUsers(text); got != want {
			t.Errorf("HideUsers(%q) = %q; want %q", text, got, want)
		}
	}
	check("base: http://joe:pä@h/a@b # x@y", "base: http://******@h/a@b # x@y")
	check("- {url: 'http://a@h/', to: \"ftp://:b@h\"}", "- {url: 'http://*@h/', to: \"ftp://**@h\"}")
	check("http://@h", "http://@h")
	for _, text := range []string{"", "a://", "://", "a@b: c", "http://h/, x@y", "x: y@z, url: http://h/"} {
		check(text, text)
	}
}
