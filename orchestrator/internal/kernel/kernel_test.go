package kernel

import "testing"

func TestParse(t *testing.T) {
	for release, want := range map[string]Version{
		"6.18.44-amd64":     {6, 18},
		"4.19.0-27-amd64\n": {4, 19},
		"5.10":              {5, 10},
		"6.12-rc1":          {6, 12},
		"":                  {},
		"unknown":           {},
		"6":                 {},
		"6.":                {},
		"-6.1":              {},
		"6.99999999":        {},
	} {
		if got := Parse(release); got != want {
			t.Errorf("Parse(%q) = %v; want %v", release, got, want)
		}
	}
}

func TestOn(t *testing.T) {
	f := Feature{Name: "x", Since: Version{5, 3}}
	for release, want := range map[string]bool{"5.2.21": false, "5.3.0": true, "4.19.0-27-amd64": false, "6.1.0": true, "unknown": true} {
		if f.On(Parse(release)) != want {
			t.Errorf("%s in Linux %s: want %v", f, release, want)
		}
	}
}
