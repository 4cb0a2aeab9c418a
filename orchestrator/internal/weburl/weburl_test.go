package weburl

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	check := func(text string, want URL) {
		t.Helper()
		got, err := Parse(text)
		if err != nil {
			t.Errorf("Parse(%q): %v", text, err)
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", text, diff)
		}
	}
	h := URL{Scheme: "http", Host: "h", Target: "/"}
	check("http://h", h)
	check("http://h/", h)
	check("HtTp://h/", h)
	check(" \x00\v http://h/\x1f\r\n", h)
	check("ht\ntp:/\t/h\r", h)
	for _, slashes := range []string{"", "/", "///", `\`, `\\`, `/\/\`} {
		check("http:"+slashes+"h", h)
	}
	check("http://h:80/", h)
	check("http://h:/", h)
	check("http://h#@x:y/?", h)
	check("https://H:443", URL{Scheme: "https", Host: "h", Target: "/"})
	check("https://h:80/", URL{Scheme: "https", Host: "h", Port: "80", Target: "/"})
	check("http://h:443?x", URL{Scheme: "http", Host: "h", Port: "443", Target: "/?x"})
	check("http://h:0", URL{Scheme: "http", Host: "h", Port: "0", Target: "/"})
	check("http://h:000", URL{Scheme: "http", Host: "h", Port: "0", Target: "/"})
	check("http://h:00080", h)
	check("http://h:65535", URL{Scheme: "http", Host: "h", Port: "65535", Target: "/"})
	check(`http:\\h:81\a`, URL{Scheme: "http", Host: "h", Port: "81", Target: "/a"})

	check("http://u@h", URL{Scheme: "http", User: "u", Host: "h", Target: "/"})
	check("http://:p@h", URL{Scheme: "http", Password: "p", Host: "h", Target: "/"})
	check("http://a@b:c:d@h:8", URL{Scheme: "http", User: "a@b", Password: "c:d", Host: "h", Port: "8", Target: "/"})
	check("http://%75%3a:%c3%a9é%zz%4@h", URL{Scheme: "http", User: "u:", Password: "éé%zz%4", Host: "h", Target: "/"})
	check("http://%ff:p@h", h)
	check("http://u:%ff@h", URL{Scheme: "http", User: "u", Host: "h", Target: "/"})

	check("unix:/run/x.sock", URL{Scheme: "unix", Host: "/run/x.sock", Target: "/"})
	check("UNIX:///run/x.sock", URL{Scheme: "unix", Host: "/run/x.sock", Target: "/"})
	check("unix:/run/x.sock:", URL{Scheme: "unix", Host: "/run/x.sock", Target: "/"})
	check("unix:/a b?c#d:e:/f g?h#i", URL{Scheme: "unix", Host: "/a b?c#d:e", Target: "/f%20g?h"})
	check("unix:/s://x/../y", URL{Scheme: "unix", Host: "/s", Target: "//y"})
}

func TestParseHost(t *testing.T) {
	check := func(host, want string) {
		t.Helper()
		u, err := Parse("http://" + host + "/x")
		if err != nil || u.Host != want {
			t.Errorf("host %q: got %q, %v, want %q", host, u.Host, err, want)
		}
	}
	check("Example.COM", "example.com")
	check("example.com.", "example.com.")
	check("a..b", "a..b")
	check("_x-.-y_", "_x-.-y_")
	check(`!"$&'()*+,;=_{}~`+"`", `!"$&'()*+,;=_{}~`+"`")
	check("%41%2eb", "a.b")
	check("straße.de", "xn--strae-oqa.de")
	check("STRASSE", "strasse")
	check("Bücher", "xn--bcher-kva")
	check("XN--bcher-KVA", "xn--bcher-kva")
	check("b%C3%BCcher", "xn--bcher-kva")
	check("ｅｘ。ｃｏｍ", "ex.com")
	check("K", "k") // the Kelvin sign
	check("a\u00adb", "ab")
	check("faß--x", "xn--fa--x-mqa")
	check("日本語", "xn--wgv71a119e")

	check("127.0.0.1", "127.0.0.1")
	check("127.1", "127.0.0.1")
	check("127.0.1", "127.0.0.1")
	check("1.2.3.4.", "1.2.3.4")
	check("2130706433", "127.0.0.1")
	check("0x7f.1", "127.0.0.1")
	check("0X7F000001", "127.0.0.1")
	check("0177.1", "127.0.0.1")
	check("0x.0x", "0.0.0.0")
	check("0", "0.0.0.0")
	check("256", "0.0.1.0")
	check("1.256", "1.0.1.0")
	check("4294967295", "255.255.255.255")
	check("1.16777215", "1.255.255.255")
	check("１２７.１", "127.0.0.1")
	check("1.2.3.4.x", "1.2.3.4.x")
	check("1.2.0xg", "1.2.0xg")
	check("1.2.3.4..", "1.2.3.4..")
	check("1.2.-3", "1.2.-3")

	check("[::1]", "[::1]")
	check("[0:0::0:1]", "[::1]")
	check("[2001:DB8:0:0:1:0:0:1]", "[2001:db8::1:0:0:1]")
	check("[1:0:2:3:4:5:6:7]", "[1:0:2:3:4:5:6:7]")
	check("[::ffff:1.2.3.4]", "[::ffff:102:304]")
	check("[::1.2.3.4]", "[::102:304]")
}

func TestParseErrors(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		_, err := Parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("Parse(%q): got %v, want %s", text, err, want)
		}
		if errors.Is(err, ErrScheme) {
			t.Errorf("Parse(%q): error is ErrScheme", text)
		}
	}
	check("", "is empty")
	check(" \n ", "is empty")
	check("http://h/\xff", "is not UTF-8")
	for _, text := range []string{"widgets", "/a:b", "?a:b", "//h/", "1http://h", ":x", "a b://h", "é:x", "[::1]:80", "http"} {
		check(text, "is not absolute")
	}
	for _, text := range []string{"localhost:3000", "mailto:a@b", "file:///x", "x://", "x://?h", "x+1-2.3:y"} {
		check(text, "is not http or https")
	}
	for _, text := range []string{"http:", "https://", "http://:80", "http://u@", "http://@/", "http:///?h", "http://\u00ad/"} {
		check(text, "has no host")
	}
	for _, host := range []string{"a b", "a<b", "a>b", "a^b", "a|b", "a%zzb", "a%00b", "a%7fb", "a%23b", "a%2fb", "a[b", "a]b", "a%3ab", "a%5cb", "a%40b", "a%3fb", "℀", "a\u200db"} {
		if u, err := Parse("http://" + host + "/"); err == nil {
			t.Errorf("host %q: got %q, want an error", host, u.Host)
		}
	}
	check("http://a b/", "is not a URL: invalid character ' ' in host")
	for _, host := range []string{"%ff", "xn--a\u00fc", "xn--\u00fc", "\ufffd", "\u05d0a"} {
		check("http://"+host+"/", `is not a URL: invalid host "`+host+`"`)
	}
	for _, host := range []string{"1.2.3.256", "1.2.3.4.5", "4294967296", "1..2", "08", "1.2.08", "0xfffffffffffffffff", "99999999999999999999", "x.1", "x.0x1", "1.2.65536"} {
		check("http://"+host+"/", `is not a URL: invalid IPv4 address "`+host+`"`)
	}
	for _, host := range []string{"[", "[]", "[1.2.3.4]", "[::1%eth0]", "[::1", "[::1]x", "[1:2:3:4:5:6:7:8:9]", "[::01.2.3.4]", "[:1]", "[1::2::3]", "[12345::]"} {
		if u, err := Parse("http://" + host + "/"); err == nil {
			t.Errorf("host %q: got %q, want an error", host, u.Host)
		}
	}
	check("http://[::1%eth0]/", `is not a URL: invalid IPv6 address "[::1%eth0]"`)
	for _, port := range []string{"port", "65536", "-1", "+1", "8_0", "80:80", "0x50", "99999999999999999999"} {
		check("http://h:"+port+"/", `is not a URL: invalid port ":`+port+`" after host`)
	}
	for _, text := range []string{"unix:", "unix:/", "unix://", "unix:x.sock", "unix::/x", "unix:/:/x"} {
		check(text, "has no path of a socket, as unix:/run/x.sock has")
	}
	for _, text := range []string{"ftp://h/", "FTP://h", "ws://h", "x://u@h:1/"} {
		if _, err := Parse(text); !errors.Is(err, ErrScheme) {
			t.Errorf("Parse(%q): got %v, want ErrScheme", text, err)
		}
	}
}

func TestTarget(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		u, err := Parse("http://h" + text)
		if err != nil || u.Target != want {
			t.Errorf("target %q: got %q, %v, want %q", text, u.Target, err, want)
		}
		if len(text) == 0 || text[0] == '?' || text[0] == '#' {
			return
		}
		if u, err = u.WithTarget(text); err != nil || u.Target != want {
			t.Errorf("WithTarget(%q): got %q, %v, want %q", text, u.Target, err, want)
		}
	}
	check("", "/")
	check("?", "/?")
	check("?a?b", "/?a?b")
	check("#a", "/")
	check("/a#b?c", "/a")
	check("/a?b#c#d", "/a?b")
	check("//", "//")
	check("//a//b/", "//a//b/")
	check(`\a\b`, "/a/b")
	check("/a b\"<>`{}é|^[]'!$&()*+,;=:@~_-.%", "/a%20b%22%3C%3E%60%7B%7D%C3%A9|^[]'!$&()*+,;=:@~_-.%")
	check("/?a b\"<>'é`{}|\\^[]!$&()*+,;=:@~_-./../%", "/?a%20b%22%3C%3E%27%C3%A9`{}|\\^[]!$&()*+,;=:@~_-./../%")
	check("/a\x01b\x7f?c\x01\x7f", "/a%01b%7F?c%01%7F")
	check("/a\tb\nc\rd?e\tf", "/abcd?ef")
	check("/%7e%zz%2F%", "/%7e%zz%2F%")

	check("/.", "/")
	check("/..", "/")
	check("/a/.", "/a/")
	check("/a/..", "/")
	check("/a/./b", "/a/b")
	check("/a/../b", "/b")
	check("/a/b/..", "/a/")
	check("/a/b/../", "/a/")
	check("/a//..", "/a/")
	check("/a//../..", "/")
	check("/a//../b", "/a/b")
	check("/../../x", "/x")
	check("/.//x", "//x")
	check(`/a\..\b`, "/b")
	check("/a/%2e/b", "/a/b")
	check("/a/%2E%2e/b", "/b")
	check("/a/.%2e", "/")
	check("/a/%2e./b", "/b")
	check("/.\t./x", "/x")
	check("/a/...", "/a/...")
	check("/a/%2e%2e%2e", "/a/%2e%2e%2e")
	check("/a/.b/c./..d", "/a/.b/c./..d")
	check("/a/%2e%2", "/a/%2e%2")
	check("/a/..%2f", "/a/..%2f")
	check("/a/..?/../x", "/?/../x")
}

func TestWithTarget(t *testing.T) {
	base, err := Parse("unix:/run/x.sock")
	if err != nil {
		t.Fatal(err)
	}
	check := func(text, want string) {
		t.Helper()
		u, err := base.WithTarget(text)
		if err != nil || u.String() != want {
			t.Errorf("WithTarget(%q): got %s, %v, want %s", text, u, err, want)
		}
	}
	check("/a b?c#d", "unix:/run/x.sock:/a%20b?c")
	check(" /a\n ", "unix:/run/x.sock:/a")
	check("", "unix:/run/x.sock:/")
	check("a", "unix:/run/x.sock:/a")
	check("?a", "unix:/run/x.sock:/?a")
	check("//a", "unix:/run/x.sock://a")
	if u, err := base.WithTarget("/\xff"); err == nil {
		t.Errorf("WithTarget of what is not UTF-8: got %s", u)
	}
}

func TestJoin(t *testing.T) {
	check := func(base, ref, want string) {
		t.Helper()
		u, err := Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		got, err := u.Join(ref)
		if err != nil || got.String() != want {
			t.Errorf("%s to %q: got %s, %v, want %s", base, ref, got, err, want)
		}
	}
	base := "http://h:8/a/b?c"
	check(base, "", "http://h:8/a/b?c")
	check(base, "#x", "http://h:8/a/b?c")
	check(base, "?", "http://h:8/a/b?")
	check(base, "?x y'#z", "http://h:8/a/b?x%20y%27")
	check(base, "x", "http://h:8/a/x")
	check(base, "x?y", "http://h:8/a/x?y")
	check(base, "é:x", "http://h:8/a/%C3%A9:x")
	check(base, ".", "http://h:8/a/")
	check(base, "./x", "http://h:8/a/x")
	check(base, "..", "http://h:8/")
	check(base, "../../x", "http://h:8/x")
	check(base, `..\x`, "http://h:8/x")
	check(base, "/x", "http://h:8/x")
	check(base, `\x/../y`, "http://h:8/y")
	check(base, "//i/x", "http://i/x")
	check(base, `\/i/x`, "http://i/x")
	check(base, "////i", "http://i/")
	check(base, "http:x", "http://h:8/a/x")
	check(base, "HTTP:/x", "http://h:8/x")
	check(base, "http:?x", "http://h:8/a/b?x")
	check(base, "http://i", "http://i/")
	check(base, "https:x", "https://x/")
	check(base, " https://I:443/ü ", "https://i/%C3%BC")
	check("https://h/a/", "x/y", "https://h/a/x/y")
	check("https://h/a//", "..", "https://h/a/")
	check("http://h/?/a/b", "x", "http://h/x")

	socket := "unix:/run/x.sock:/a/b?c"
	check(socket, "x", "unix:/run/x.sock:/a/x")
	check(socket, "", "unix:/run/x.sock:/a/b?c")
	check(socket, "http:x", "unix:/run/x.sock:/a/x")
	check(socket, "http://localhost/x", "unix:/run/x.sock:/x")
	check(socket, "//LOCALHOST:80/x", "unix:/run/x.sock:/x")
	check(socket, "http://localhost:8/x", "http://localhost:8/x")
	check(socket, "https://localhost/x", "https://localhost/x")
	check(socket, "http://i/", "http://i/")

	for ref, user := range map[string]string{"x": "u", "/x": "u", "": "u", "//h/": "", "http://h/": "", "//v@h/": "v"} {
		u := URL{Scheme: "http", User: "u", Host: "h", Target: "/"}
		if got, err := u.Join(ref); err != nil || got.User != user {
			t.Errorf("Join(%q): got user %q, %v, want %q", ref, got.User, err, user)
		}
	}
}

func TestJoinErrors(t *testing.T) {
	check := func(base, ref, want string, scheme bool) {
		t.Helper()
		u, err := Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		got, err := u.Join(ref)
		if err == nil || err.Error() != want || errors.Is(err, ErrScheme) != scheme {
			t.Errorf("%s to %q: got %s, %v, want %s (ErrScheme: %t)", base, ref, got, err, want, scheme)
		}
	}
	check("http://h/", "http://", "has no host", false)
	check("http://h/", "//", "has no host", false)
	check("http://h/", "//h:x", `is not a URL: invalid port ":x" after host`, false)
	check("http://h/", "\xff", "is not UTF-8", false)
	check("http://h/", "mailto:x", "is not http or https", false)
	check("http://h/", "ftp://h/", "is not http or https", true)
	// A server cannot lead to a socket of this machine.
	check("http://h/", "unix:/run/x.sock", "is not http or https", false)
	check("unix:/run/x.sock", "unix:/run/y.sock", "is not http or https", false)
}

func TestForms(t *testing.T) {
	type forms struct{ Origin, String, Address, HostHeader string }
	check := func(text string, want forms) {
		t.Helper()
		u, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got := forms{u.Origin(), u.String(), u.Address(), u.HostHeader()}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("forms of %s (-want +got):\n%s", text, diff)
		}
	}
	check("http://u:p@H/x?y#z", forms{"http://h", "http://h/x?y", "h:80", "h"})
	check("https://h:0443", forms{"https://h", "https://h/", "h:443", "h"})
	check("http://h:81", forms{"http://h:81", "http://h:81/", "h:81", "h:81"})
	check("https://[::1]/", forms{"https://[::1]", "https://[::1]/", "[::1]:443", "[::1]"})
	check("unix:/run/x.sock", forms{"unix:/run/x.sock", "unix:/run/x.sock:/", "/run/x.sock", "localhost"})
}

func TestParseAllocs(t *testing.T) {
	check := func(text string, want float64) {
		t.Helper()
		got := testing.AllocsPerRun(100, func() {
			if _, err := Parse(text); err != nil {
				t.Error(err)
			}
		})
		if got > want {
			t.Errorf("Parse(%q) allocates %v times, want at most %v", text, got, want)
		}
	}
	check("http://localhost:3000/widgets/17?page=2&q=x", 0)
	check("http://user:pw@example.com/", 0)
	check("http://127.0.0.1:3000/", 0)
	check("http://localhost:3000/a b?c d", 2)
}

func ExampleURL_Join() {
	u, err := Parse("HTTP://Straße.de:80/a/../b c?q='x'#top")
	fmt.Println(u, err)
	fmt.Println(u.Join("../d"))
	socket, err := Parse("unix:/run/x.sock")
	fmt.Println(socket, err)
	fmt.Println(socket.WithTarget("/b c"))
	// Output:
	// http://xn--strae-oqa.de/b%20c?q=%27x%27 <nil>
	// http://xn--strae-oqa.de/d <nil>
	// unix:/run/x.sock:/ <nil>
	// unix:/run/x.sock:/b%20c <nil>
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"http://h/", "HTTP:\\\\u:p@H:080\\a/../%2e/b?c'd#e", "http://straße.de/é", "http://0x7f.1", "http://[::ffff:1.2.3.4]:81",
		"unix:/run/x.sock://a/..", "unix:///a:b::/c", "//i", "?x", "http:..", "xn--a", "http://xn--bcher-kva.%41/", "http://１.2",
	} {
		f.Add(seed)
	}
	bases := []URL{
		{},
		{Scheme: "http", Host: "h", Target: "/a/b?c"},
		{Scheme: "unix", Host: "/s", Target: "/a/b?c"},
	}
	f.Fuzz(func(t *testing.T, text string) {
		verify := func(u URL) {
			t.Helper()
			if u.Target == "" || u.Target[0] != '/' {
				t.Fatalf("target %q does not begin with a slash", u.Target)
			}
			for i := range len(u.Target) {
				if c := u.Target[i]; c <= ' ' || c >= 0x7f {
					t.Fatalf("target %q holds the byte %#x", u.Target, c)
				}
			}
			u.User, u.Password = "", ""
			again, err := Parse(u.String())
			if err != nil || again != u {
				t.Fatalf("%q is %#v, but read again %#v, %v", u.String(), u, again, err)
			}
		}
		if u, err := Parse(text); err == nil {
			verify(u)
		}
		for _, base := range bases {
			if u, err := base.Join(text); err == nil && base.Scheme != "" {
				verify(u)
			}
			if u, err := base.WithTarget(text); err == nil && base.Scheme != "" {
				verify(u)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{
		"plain":    "http://localhost:3000/widgets/17?page=2&q=x",
		"escaped":  "http://localhost:3000/wid gets/é?q='x'",
		"address":  "http://127.0.0.1:3000/widgets",
		"punycode": "http://straße.de/widgets",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestParseProxy(t *testing.T) {
	check := func(text, origin, address, user string) {
		t.Helper()
		u, err := ParseProxy(text)
		if err != nil || u.Origin() != origin || u.Address() != address || u.User+":"+u.Password != user {
			t.Errorf("%q: %s, %s, %s:%s, %v", text, u.Origin(), u.Address(), u.User, u.Password, err)
		}
	}
	check("h", "http://h", "h:80", ":")
	check(" H:3128 ", "http://h:3128", "h:3128", ":")
	check("me:p%20w@h:3128", "http://h:3128", "h:3128", "me:p w")
	check("https://h/x", "https://h", "h:443", ":")
	check("socks5://h", "socks5://h", "h:1080", ":")
	check("SOCKS5H://me:pw@H:01080", "socks5h://h", "h:1080", "me:pw")
	check("socks5://h:80", "socks5://h:80", "h:80", ":")
	check("socks5://[::1]:443", "socks5://[::1]:443", "[::1]:443", ":")

	wrong := func(text, want string) {
		t.Helper()
		if u, err := ParseProxy(text); err == nil || err.Error() != want {
			t.Errorf("%q: %+v, %v; want %q", text, u, err, want)
		}
	}
	wrong("", "has no host")
	wrong("://h", "is not a URL")
	wrong("h:9x", `is not a URL: invalid port ":9x" after host`)
	wrong("socks4a://h", "begins with socks4a://, and only http, https, socks5 and socks5h are supported")
	wrong("socks5://h:1:2", `is not a URL: invalid port ":1:2" after host`)
	wrong("\xff", "is not UTF-8")
}

// TestUnquoted: a password that stands where a host or a port should be is not
// quoted where that is asked for.
func TestUnquoted(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), "hunter") {
			t.Errorf("%q: %v", text, err)
		}
		if got := Unquoted(err); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	check("http://h:hunter", "is not a URL: invalid port")
	check("http://[hunter]/", "is not a URL: invalid IPv6 address")
	check("http://xn--hunter-/", "is not a URL: invalid host")
	if got := Unquoted(ErrScheme); got != ErrScheme.Error() {
		t.Errorf("%q", got)
	}
}
