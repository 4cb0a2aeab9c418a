package dockerfile

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// project writes files into a folder of the test's own.
func project(t *testing.T, texts map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// beside are files that lie about in a project, and are no part of a build.
var beside = []string{
	".env", ".git/config", ".git/HEAD", "key.pem", "id_rsa", "tls.key", "secrets.yml", "credentials.json", ".netrc", ".npmrc",
	"main.go~", ".main.go.swp", "#main.go#", "main.go.orig", "main.go.rej", ".DS_Store", "_old.go", ".hidden.go",
	"main_test.go", "testdata/input.json", "testdata/gen.go", "node_modules/x/index.js", "node_modules/x/x.c", "results/2026/experiment.json",
	"README.md", "Makefile", "core", "stepper", "a.out", "x.test", "cpu.prof", ".vscode/settings.json", ".idea/a.xml", ".ssh/id_rsa.c", "_build/x.c",
	"tool/go.mod", "tool/main.go", "tool/deep/x.go", "vendor/example.com/x/x.go", "docker-compose.yml", "dump.sql", "log.txt",
}

func TestSourceIsWhatTheBuildNeeds(t *testing.T) {
	const service = "services/stepper/"
	texts := map[string]string{
		"go.mod":                                  "// about\nmodule \"example.com/p\" // x\n\ngo 1.26\n",
		service + "main.go":                       "package main\n\nimport (\n\t\"net/http\"\n\n\t_ \"example.com/other\"\n\t\"example.com/p/shared/a\"\n\t\"example.com/p/not/there\"\n\t\"example.com/p/foreign/b\"\n)\n",
		service + "heap.c":                        "",
		service + "heap.h":                        "",
		service + "add_amd64.s":                   "",
		service + "linux_only.go":                 "//go:build linux && never\n\npackage main\n\nimport _ \"example.com/p/shared/tagged\"\n",
		service + "broken.go":                     "package (\n",
		service + "internal/document/document.go": "package document\n\nimport _ \"example.com/p/shared/a\"\n",
		service + "internal/include/only.h":       "",
		service + "embed.go":                      "package main\n\nimport _ \"embed\"\n\n//go:embed page.html conf/*.json \"with blank.txt\"\nvar a string\n\n//go:embed tree\nvar b string\n\n//go:embed all:whole `raw.txt` missing.txt [bad\nvar c string\n",
		service + "page.html":                     "page", service + "conf/a.json": "{}", service + "conf/b.yml": "", service + "with blank.txt": "", service + "raw.txt": "",
		service + "tree/one.txt": "", service + "tree/.env": "", service + "tree/sub/two.txt": "", service + "tree/.git/x": "", service + "whole/.keep": "", service + "whole/_x/y": "",
		"shared/a/a.go": "package a\n\nimport _ \"example.com/p/shared/b\"\n", "shared/a/a.c": "", "shared/a/a_test.go": "", "shared/a/.env": "", "shared/a/sub/no.go": "package sub\n",
		"shared/b/b.go": "package b\n\nimport _ \"example.com/p/shared/a\"\n", "shared/tagged/t.go": "package tagged\n", "shared/unused/u.go": "package unused\n",
		"foreign/go.mod": "module example.com/p/foreign\n", "foreign/b/b.go": "package b\n",
		"services/other/go.mod": "module example.com/q\n", "services/other/main.go": "package main\n", "orchestrator/main.go": "package main\n", "main.go": "package p\n", ".env": "", "secret.pem": "",
	}
	for _, name := range beside {
		texts[service+name] = "SECRET=1\n"
	}
	root := project(t, texts)
	if err := os.Symlink("/etc/passwd", filepath.Join(root, service, "passwd.go")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(root, service, "fifo.go"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := Source(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		service + "main.go", service + "heap.c", service + "heap.h", service + "add_amd64.s", service + "linux_only.go", service + "broken.go",
		service + "internal/document/document.go", service + "internal/include/only.h", service + "embed.go",
		service + "page.html", service + "conf/a.json", service + "with blank.txt", service + "raw.txt",
		service + "tree/one.txt", service + "tree/sub/two.txt", service + "whole/.keep", service + "whole/_x/y",
		"shared/a/a.go", "shared/a/a.c", "shared/b/b.go", "shared/tagged/t.go",
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, text := range got {
		if string(text) != texts[name] {
			t.Errorf("%s: %q", name, text)
		}
	}

	if _, err := Source(project(t, map[string]string{"services/stepper/heap.c": ""})); err == nil || !strings.Contains(err.Error(), "no Go file") {
		t.Errorf("without Go: %v", err)
	}
	if _, err := Source(t.TempDir()); err == nil {
		t.Error("without a service: no error")
	}
}

func TestNamed(t *testing.T) {
	texts := map[string]string{}
	for _, name := range []string{
		"services/stepper/main.go", "services/stepper/tuning.conf", "services/stepper/other.conf", "services/stepper/.env", "services/stepper/a b.conf",
		"variants/lib/one.so", "variants/lib/deep/two.so", "variants/lib/.secret", "variants/lib/.git/config", "variants/list", "go.mod", "go.sum", "secret.pem",
		".env", ".git/config",
	} {
		texts[name] = name
	}
	root := project(t, texts)
	outside := project(t, map[string]string{"passwd": "secret"})
	if err := os.Symlink(filepath.Join(outside, "passwd"), filepath.Join(root, "variants", "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, "variants", "linked")); err != nil {
		t.Fatal(err)
	}
	check := func(lines string, want ...string) {
		t.Helper()
		d, err := Parse("ARG CONF=services/stepper/tuning.conf\nFROM scratch AS build\n" + lines + "\n")
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Named(root)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", lines, err, diff)
		}
	}
	check("COPY . .")
	check("COPY ./ /src")
	check("COPY / /src")
	check("COPY services /src/services")
	check("COPY services/stepper/ /src")
	check("COPY services/stepper/tuning.conf /etc/", "services/stepper/tuning.conf")
	check("COPY ./services/./stepper/tuning.conf /etc/", "services/stepper/tuning.conf")
	check("COPY /services/stepper/tuning.conf /etc/", "services/stepper/tuning.conf")
	check("ADD --chown=1:1 --chmod=0644 services/stepper/*.conf /etc/", "services/stepper/a b.conf", "services/stepper/other.conf", "services/stepper/tuning.conf")
	check(`COPY ["services/stepper/a b.conf", "/etc/"]`, "services/stepper/a b.conf")
	check(`COPY services/stepper/a\ b.conf /etc/`, "services/stepper/a b.conf")
	check("ARG CONF\nCOPY ${CONF} /etc/", "services/stepper/tuning.conf")
	check("ENV D=variants\nCOPY $D/lib /lib", "variants/lib/deep/two.so", "variants/lib/one.so")
	check("COPY services/stepper/.env /", "services/stepper/.env") // it is asked for
	check("COPY services/stepper/.e* /", "services/stepper/.env")  // so it is here
	check("COPY services/stepper/* /", "services/stepper/a b.conf", "services/stepper/main.go", "services/stepper/other.conf", "services/stepper/tuning.conf")
	check("COPY services/stepper/?env services/*/[.]env variants/*/config variants/lib/*/config /")
	check("COPY * /", "go.mod", "go.sum", "secret.pem", "variants/lib/deep/two.so", "variants/lib/one.so", "variants/list")
	check("COPY go.mod go.sum ./", "go.mod", "go.sum")
	check("COPY --from=build services/stepper/tuning.conf /etc/")
	check("COPY ../../etc/passwd variants/link variants/linked/passwd variants/linked /etc/")
	check("COPY missing [bad /etc/")
	check("COPY <<EOF /etc/x\nservices/stepper/tuning.conf\nEOF")
	check("ADD https://example.com/variants/list /etc/")
	check("RUN --mount=type=bind,source=variants/list,target=/list --mount=type=cache,target=/c cat /list", "variants/list")
	check("RUN --mount=src=variants/list,target=/list cat /list", "variants/list")
	check("RUN --mount=type=bind,from=build,source=variants/list,target=/list --mount=target=/src true")
	check("RUN cat secret.pem")
	check("FROM scratch\nCOPY variants/list /\nFROM scratch\nCOPY go.sum /", "go.sum", "variants/list")
}
