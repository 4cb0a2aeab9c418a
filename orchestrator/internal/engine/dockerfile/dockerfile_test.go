package dockerfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const example = `# comment
ARG BUILD_BASE=golang:1.26-bookworm
ARG RUN_BASE="debian:bookworm-slim"
ARG LINK=preloaded

FROM --platform=linux/amd64 ${BUILD_BASE} AS Build
ENV CGO_ENABLED=1 GOFLAGS="-trimpath -buildvcs=false"
ARG BUILD_PACKAGES="gcc libc6-dev"
RUN one && \
    # a comment in between
    two
ARG OUT=/out/stepper
ARG LINK
RUN go build -o "${OUT}"
FROM $RUN_BASE AS run
ARG RUN_PACKAGES=libjemalloc2
FROM run AS run-preloaded
ENV LD_PRELOAD=/usr/\$LIB/libjemalloc.so.2
FROM run AS run-linked
FROM run-${LINK}
LABEL stair-stepper.allocator="jemalloc" \
      stair-stepper.linkage="${LINK:-none}"
COPY --from=build /out/stepper /stepper
`

func parse(t *testing.T, text string) *File {
	t.Helper()
	d, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDockerfile(t *testing.T) {
	d := parse(t, example)
	check := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("bases", d.Bases(), []Base{{"golang:1.26-bookworm", "BUILD_BASE"}, {"debian:bookworm-slim", "RUN_BASE"}})
	check("parents", d.Parents(), []string{"golang:1.26-bookworm", "debian:bookworm-slim", "run", "run", "run-preloaded"})
	check("packages", d.Packages("golang:1.26-bookworm", BuildPackages, RunPackages), []string{"gcc", "libc6-dev"})
	check("run packages", d.Packages("", RunPackages), []string{"libjemalloc2"})
	check("step", d.Stages[0].Steps[2], Step{Line: 9, Keyword: "RUN", Text: "one &&  two"})

	last := d.Walk(len(d.Stages)-1, nil, nil)
	check("environment", last.Env, map[string]string{"LD_PRELOAD": "/usr/$LIB/libjemalloc.so.2"})
	check("labels", last.Labels, map[string]string{"stair-stepper.allocator": "jemalloc", "stair-stepper.linkage": "none"})
	linked := d.Walk(len(d.Stages)-1, map[string]string{"LINK": "linked"}, nil)
	check("environment when linked", linked.Env, map[string]string{})

	build := d.Walk(0, nil, nil)
	check("build environment", build.Env, map[string]string{"CGO_ENABLED": "1", "GOFLAGS": "-trimpath -buildvcs=false"})
	check("build arguments", build.Args, map[string]string{"BUILD_PACKAGES": "gcc libc6-dev", "OUT": "/out/stepper", "LINK": "preloaded"})
}

func TestPairs(t *testing.T) {
	d := parse(t, "FROM x\nENV OLD a  b=c\nENV A=1 B=\"2 3\"\nARG C D=4\nLABEL \"e.f\"=g")
	got := d.Walk(0, nil, nil)
	want := Vars{
		Env:    map[string]string{"OLD": "a  b=c", "A": "1", "B": "2 3"},
		Args:   map[string]string{"C": "", "D": "4"},
		Labels: map[string]string{"e.f": "g"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFixedBase(t *testing.T) {
	d := parse(t, "ARG V=3\nFROM alpine:${V}\nFROM scratch\n")
	if diff := cmp.Diff([]Base{{Image: "alpine:3"}}, d.Bases()); diff != "" {
		t.Error(diff)
	}
}

func TestDockerfileMistakes(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		if _, err := Parse(in); err == nil || err.Error() != want {
			t.Errorf("%q: %v; want %s", in, err, want)
		}
	}
	check("", "1: no FROM")
	check("RUN x\nFROM y\n", "1: RUN before the first FROM")
	check("\nFROM a b\n", "2: FROM needs an image, or an image AS a name")
	check("FROM a\nRUN x \\\n", "2: the last line ends with a backslash")
	check("#escape = `\nFROM a\n", "1: the escape directive is not supported: use backslashes")
	check("FROM a\nRUN cat <<EOF\n\tEOF\n", "2: the heredoc <<EOF has no end")
}

func TestExpand(t *testing.T) {
	vars := in(map[string]string{"A": "x y", "B": ""})
	check := func(in, want string) {
		t.Helper()
		if got := expand(in, vars); got != want {
			t.Errorf("expand(%s) = %q, want %q", in, got, want)
		}
	}
	check(`$A`, "x y")
	check(`"${A}!"`, "x y!")
	check(`'$A'`, "$A")
	check(`\$A`, "$A")
	check(`"a\"b"`, `a"b`)
	check(`${B:-none}${A:+some}${B:+more}`, "nonesome")
	check(`$`, "$")
	check(`5$ ${A`, "5$ ${A")
	check(`${B-none}|${N-none}|${B+some}|${N+some}`, "|none|some|")
	check(`${N:-${N:-${A}!}}${B:+${A}}.`, "x y!.")
	check(`${N:-a\}b}c`, "a}bc")
	check(`$A_x$A-$1`, "x y-$1")
	check(`${A#x*}|${A%y}|${A/x/z}|${N:?no}|${}|${A:}`, `${A#x*}|${A%y}|${A/x/z}|${N:?no}|${}|${A:}`)
	deep := strings.Repeat("${N:-", 100_000)
	check(deep, deep)
	deep += strings.Repeat("}", 100_000)
	check(deep, deep)
}

// FuzzParse: no text may make the parser or the walk panic.
func FuzzParse(f *testing.F) {
	f.Add(example)
	f.Add("FROM ${A:-${B}\nENV \"a b\nLABEL =\nARG\nENV x y")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		d.Bases()
		d.Packages("", BuildPackages)
		for i := range d.Stages {
			d.Walk(i, map[string]string{"A": "b"}, func(Step, Vars) {})
		}
	})
}

func TestSource(t *testing.T) {
	root := t.TempDir()
	if _, err := Source(root); err == nil {
		t.Error("no services: no error")
	}
	for _, name := range []string{"services/a/a.go", "services/a/a.c", "services/a/a_test.go", "services/a/testdata/x", "services/.x/y"} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Source(root)
	want := map[string][]byte{"services/a/a.go": []byte("services/a/a.go"), "services/a/a.c": []byte("services/a/a.c")}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Source: %v (-want +got):\n%s", err, diff)
	}
}

func TestTwoArgsOneImage(t *testing.T) {
	d := parse(t, "ARG A=debian\nARG B=debian\nFROM\t${A} AS Build\nFROM ${B}\nFROM ${A}\nFROM Build\nFROM debian\n")
	if diff := cmp.Diff([]Base{{"debian", "A"}, {"debian", "B"}, {"debian", ""}}, d.Bases()); diff != "" {
		t.Error(diff)
	}
}

// TestHeredoc: what a heredoc holds is no instruction.
func TestHeredoc(t *testing.T) {
	check := func(text string, line int) {
		t.Helper()
		d := parse(t, "FROM a\n"+text+"ENV A=b\n")
		if steps := d.Stages[0].Steps; len(d.Stages) != 1 || len(steps) == 0 || steps[len(steps)-1].Keyword != "ENV" || steps[len(steps)-1].Line != line {
			t.Errorf("%q: %+v; want ENV in line %d", text, d, line)
		}
	}
	check("RUN <<EOF cat <<-'X'\nFROM b\nEOF\n\\\n\tX\nRUN echo $((1<<2)) <<< x\n", 8)
	check("RUN cat <<'E O' 3<<E-1\nE\nE O\nE-1\n", 6)
	check("RUN cat <<EOF\n\tEOF\nEOF\n", 5)
	check("RUN echo \"<<EOF\" '<<EOF'\n", 3)
	check("ENV B=<<EOF\n", 3)
	check("COPY <<\"EOF\" /x\nhi\nEOF\n", 5)
}

func TestDirectives(t *testing.T) {
	d := parse(t, "\ufeff# syntax=docker/dockerfile:1\n# escape=\\\nFROM a\r\nRUN b \\\r\n  c\r\n")
	want := []Stage{{From: "a", Steps: []Step{{Line: 4, Keyword: "RUN", Text: "b  c"}}}}
	if diff := cmp.Diff(want, d.Stages); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
