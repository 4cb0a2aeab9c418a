package flags

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func TestUsage(t *testing.T) {
	one, two, none := NewGroup("One"), NewGroup("Two"), NewGroup("None")
	one.String("zeta", "x", "a `name`")
	one.Bool("old", false, "gone")
	one.Lookup("old").Hidden = true
	one.BoolP("all", "a", false, "everything there is, and then more, such as --two of it")
	two.Bool("hidden", false, "gone")
	two.Lookup("hidden").Hidden = true
	two.IntP("longer-name", "n", 3, "as often")
	none.Bool("secret", false, "gone")
	none.Lookup("secret").Hidden = true
	want := `
One:
      --zeta name         a name (default "x")
  -a, --all               everything there is,
                          and then more, such as
                          --two of it

Two:
  -n, --longer-name int   as often (default 3)
`
	if diff := cmp.Diff(want, Usage([]Group{one, two, none}, 55)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSplit(t *testing.T) {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.SortFlags = false
	f.Bool("z", false, "")
	f.Bool("y", false, "")
	f.Bool("x", false, "")
	var got []string
	for _, g := range Split(f, "y", "First", "Then") {
		got = append(got, g.Title)
		g.VisitAll(func(flag *pflag.Flag) { got = append(got, flag.Name) })
	}
	if diff := cmp.Diff([]string{"First", "z", "y", "Then", "x"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
