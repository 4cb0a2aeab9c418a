package console

import (
	"strings"
	"testing"
)

func TestVariants(t *testing.T) {
	var out strings.Builder
	err := Variants(&out, []Variant{
		{Name: "libc", Dockerfile: "Dockerfile.libc", Allocator: "glibc", Linkage: "linked"},
		{Name: "odd", Dockerfile: "variants/Dockerfile.odd", Env: map[string]string{"B": "\x1b[2J", "A": "1"}},
	})
	want := `VARIANT  DOCKERFILE               ALLOCATOR  LINKAGE  ENVIRONMENT
libc     Dockerfile.libc          glibc      linked   –
odd      variants/Dockerfile.odd  –          –        A=1 B=\x1b[2J
`
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out.String(), want)
	}
}
