package flags_test

import (
	"io"
	"testing"

	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/flags"
)

// TestLostValue holds that an option never takes the next one for its value.
func TestLostValue(t *testing.T) {
	f := pflag.NewFlagSet("drill", pflag.ContinueOnError)
	f.StringP("benchmark", "b", "", "")
	f.StringP("report", "r", "", "")
	f.StringP("timeout", "o", "", "")
	f.BoolP("stats", "s", false, "")
	f.BoolP("quiet", "q", false, "")
	check := func(want string, args ...string) {
		t.Helper()
		got := ""
		if err := flags.LostValue(f, args); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
	check("", "drill", "--benchmark", "a.yml", "-s")
	check("", "drill", "-sqb", "a.yml", "--tags=-x")
	check("", "drill", "-b-", "-")
	check("", "drill", "-b", "-")
	check("", "drill", "--", "--benchmark", "-x")
	check("", "drill", "--benchmark")
	check("--benchmark needs a value, and --stats is an option", "drill", "--benchmark", "--stats")
	check("--report needs a value, and -s is an option", "drill", "-qr", "-s")
	check("--timeout needs a value, and -1 is an option", "drill", "-o", "-1")
	check("", "drill", "-ofile", "-s")
	check("", "drill", "-o=5", "-s")
	check("", "drill", "-zo", "-s")
}

func TestOnce(t *testing.T) {
	f := pflag.NewFlagSet("drill", pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	tags := f.String("tags", "", "")
	flags.Once(f.Lookup("tags"))
	if err := f.Parse([]string{"--tags", "a"}); err != nil || *tags != "a" {
		t.Errorf("%q, %v", *tags, err)
	}
	if err := f.Parse([]string{"--tags", "b"}); err == nil || *tags != "a" {
		t.Errorf("a second one: %q, %v", *tags, err)
	}
	flags.Often(f.Lookup("tags"))
	flags.Often(f.Lookup("tags"))
	if err := f.Parse([]string{"--tags", "b"}); err != nil || *tags != "b" {
		t.Errorf("undone: %q, %v", *tags, err)
	}
}

func TestApart(t *testing.T) {
	f := pflag.NewFlagSet("drill", pflag.ContinueOnError)
	for _, name := range []string{"report", "compare", "rate"} {
		f.String(name, "", "")
	}
	check := func(want string, args ...string) {
		t.Helper()
		if err := f.Parse(args); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := flags.Apart(f, [2]string{"compare", "rate"}, [2]string{"report", "rate"}); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
	check("", "--report", "", "--compare", "b")
	check("--compare and --rate do not go together", "--rate", "a")
}

func TestValues(t *testing.T) {
	check := func(v pflag.Value, text, want string) {
		t.Helper()
		if err := v.Set(text); err != nil {
			if want != "error" {
				t.Errorf("%T %q: %v", v, text, err)
			}
			return
		}
		if got := v.String(); got != want {
			t.Errorf("%T %q is %q, want %q", v, text, got, want)
		}
	}
	format := flags.NewChoice("text", "json", "csv")
	check(&format, "xml", "error")
	check(&format, "", "error")
	if format.String() != "text" {
		t.Errorf("the default is %q", format.String())
	}
	check(&format, "csv", "csv")
	check(new(flags.Seconds), "+5", "5")
	check(new(flags.Seconds), "0", "0")
	check(new(flags.Seconds), "18446744073709551615", "9223372036")
	check(new(flags.Seconds), "-1", "error")
	check(new(flags.Seconds), "1.5", "error")
	check(new(flags.Milliseconds), "-1.5", "-1.5")
	check(new(flags.Milliseconds), "1e400", "+Inf")
	check(new(flags.Milliseconds), "0x10", "error")
	check(new(flags.Milliseconds), "fast", "error")
	check(new(flags.Count), "12", "12")
	check(new(flags.Count), "0", "error")
	check(new(flags.Count), "4294967296", "error")
	check(new(flags.Period), "90", "1m30s")
	check(new(flags.Period), "250ms", "250ms")
	check(new(flags.Period), "0", "error")
	check(new(flags.Period), "-1s", "error")
	check(new(flags.Rate), "600/m", "10/s")
	check(new(flags.Rate), "0", "error")
	for _, v := range []pflag.Value{new(flags.Milliseconds), new(flags.Count), new(flags.Period), new(flags.Rate)} {
		if v.String() != "" {
			t.Errorf("%T: the help would show %q for a flag that was not given", v, v)
		}
	}
}
