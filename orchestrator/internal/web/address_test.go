package web

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

func TestParseAddress(t *testing.T) {
	check := func(text, want string, loopback bool) {
		t.Helper()
		at, err := ParseAddress(text)
		if err != nil || at.String() != want || at.Loopback() != loopback || at.Yields {
			t.Errorf("%s: %+v, %v; want %s", text, at, err, want)
		}
	}
	check("9000", "127.0.0.1:9000", true)
	check(":9000", "127.0.0.1:9000", true)
	check("0", "127.0.0.1:0", true)
	check("127.0.0.1:9000", "127.0.0.1:9000", true)
	check("127.9.9.9:9000", "127.9.9.9:9000", true)
	check("localhost:0", "localhost:0", true)
	check("[::1]:80", "[::1]:80", true)
	check("[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80", true)
	check("0.0.0.0:8077", "0.0.0.0:8077", false)
	check("[::]:8077", "[::]:8077", false)
	check("192.168.1.2:8077", "192.168.1.2:8077", false)
	check("lab.example:8077", "lab.example:8077", false)
	for _, text := range []string{"", "results", "70000", "-1", ":", "a:b", "::1", "[::1]", "1.2.3.4", "http://x:80", "results/a:80", "a b:80", "host:70000"} {
		if at, err := ParseAddress(text); err == nil {
			t.Errorf("%q is %+v", text, at)
		}
	}
}

// An address that is taken is a mistake, unless nobody named it.
func TestListen(t *testing.T) {
	listen := func(at Address) *Site {
		t.Helper()
		s, err := Listen(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	first := listen(Address{Host: "127.0.0.1"})
	answer, err := http.Get(first.URL())
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", answer, err)
	}
	answer.Body.Close()
	if first.Open() {
		t.Error("loopback is open to others")
	}
	taken := first.at
	if _, err := Listen(t.Context(), taken); !hint.IsMistake(err) || hint.Of(err) == "" || err.Error() != "cannot serve: "+taken.String()+" is taken" {
		t.Errorf("%v, %q", err, hint.Of(err))
	}
	taken.Yields = true
	if second := listen(taken); second.URL() == first.URL() {
		t.Errorf("both are at %s", second.URL())
	}
	if _, err := Listen(t.Context(), Address{Host: "192.0.2.1", Port: 8077}); !hint.IsMistake(err) || hint.Of(err) == "" {
		t.Errorf("an address of nobody's: %v", err)
	}
	for host, shown := range map[string]string{"0.0.0.0": "127.0.0.1", "::": "[::1]"} {
		s := &Site{at: Address{Host: host, Port: 80}}
		if want := fmt.Sprintf("http://%s:80", shown); s.URL() != want || !s.Open() {
			t.Errorf("%s is shown as %s, want %s", host, s.URL(), want)
		}
	}
}
