package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const begin, end = BeginMarker + "\n", EndMarker + "\n"

func TestSplice(t *testing.T) {
	check := func(name, in, want string) {
		t.Helper()
		got, err := splice([]byte(in), []byte("| a |\n"))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	block := begin + "| a |\n" + end
	check("empty file", "", block)
	check("only a byte order mark", "\ufeff", "\ufeff"+block)
	check("first use", "# Title\n", "# Title\n\n"+block)
	check("first use after an empty line", "# Title\n\n", "# Title\n\n"+block)
	check("no final newline", "# Title", "# Title\n\n"+block)
	check("replace", "a\n"+begin+"old\nolder\n"+end+"b", "a\n"+block+"b")
	check("nothing between", begin+end, block)
	check("end without newline", begin+EndMarker, begin+"| a |\n"+EndMarker)
	check("spaces around markers", " "+BeginMarker+" \nold\n   "+end, " "+BeginMarker+" \n| a |\n   "+end)
	check("CRLF, first use", "# T\r\n", "# T\r\n\r\n"+strings.ReplaceAll(block, "\n", "\r\n"))
	check("CRLF, replace", "x\r\n"+BeginMarker+"\r\nold\r\n"+EndMarker+"\r\n", "x\r\n"+strings.ReplaceAll(block, "\n", "\r\n"))
	check("byte order mark before a marker", "\ufeff"+begin+end, "\ufeff"+block)
	fenced := "```html\n" + begin + end + "```\n"
	check("markers in a fence", fenced, fenced+"\n"+block)
	check("markers in a fence and outside", fenced+begin+end, fenced+block)
	check("longer fence around a shorter", "````\n```\n"+begin+"````\n", "````\n```\n"+begin+"````\n\n"+block)
	check("tildes", "~~~\n```\n"+begin+"~~~\n", "~~~\n```\n"+begin+"~~~\n\n"+block)
	check("open fence below", begin+end+"```\n", block+"```\n")
	check("carriage returns, first use", "# T\r", "# T\r\r"+strings.ReplaceAll(block, "\n", "\r"))
	check("carriage returns, replace", "x\r"+BeginMarker+"\rold\r"+EndMarker+"\ry", "x\r"+strings.ReplaceAll(block, "\n", "\r")+"y")
	check("marker within a line", "see `"+BeginMarker+"`\n", "see `"+BeginMarker+"`\n\n"+block)
}

// TestSpliceExamples: a text that shows the markers stays as it is. Markers that
// count are added after it, and replaced when they are there.
func TestSpliceExamples(t *testing.T) {
	for name, in := range map[string]string{
		"fence":                         "```html\n" + begin + end + "```\n",
		"fence in a list item":          "- see\n\n  ```\n  " + begin + "  " + end + "  ```\n",
		"fence on a list item's line":   "- ```\n  " + begin + "  " + end + "  ```\n",
		"fence on an ordered item":      "12. ~~~ html\n    " + begin + "    " + end + "    ~~~\n",
		"fence that its item ends":      "- ```\n  " + begin,
		"fence in a list in a list":     "- - ```\n    " + begin + "    ```\n",
		"fence in a quote":              "> ```\n> " + begin + "> " + end + "> ```\n",
		"fence that its quote ends":     "> ```\n> " + begin,
		"longer fence":                  "````\n```\n" + begin + end + "```\n````\n",
		"fence with a fence as text":    "~~~\n```\n" + begin + end + "~~~\n",
		"indented code":                 "Text:\n\n    " + begin + "    " + end,
		"indented with a tab":           "Text:\n\n\t" + begin + "\told\n\t" + end,
		"indented line of a paragraph":  "text\n    " + begin + "    " + end,
		"indented code in a list item":  "1. see\n\n       " + begin + "       " + end,
		"quote":                         "> " + begin + "> old\n> " + end,
		"quote in a quote":              "> > " + begin + "> > " + end,
		"list item":                     "- " + begin + "  old\n  " + end,
		"second paragraph of an item":   "1. one\n\n   " + begin + "   " + end,
		"pre":                           "<pre>\n" + begin + end + "</pre>\n",
		"pre over empty lines":          "<pre>\n\n" + begin + "\n" + end + "\n</pre>\n",
		"PRE with an attribute":         "<PRE class=\"x\">\n\n" + begin + end + "</PRE>\n",
		"pre in a div":                  "<div><pre>\n" + begin + end + "</pre></div>\n",
		"script":                        "<script>\n" + begin + end + "</script>\n",
		"textarea":                      "<textarea>\n" + begin + end + "</textarea>\n",
		"comment over lines":            "<!--\nsuch as\n" + begin,
		"comment over lines, both":      "<!-- one\n" + begin + "\n<!-- two\n" + end,
		"comment in a div":              "<div>\n<!-- see\n" + begin + "</div>\n",
		"processing instruction":        "<?php\n" + begin + end + "?>\n",
		"CDATA":                         "<![CDATA[\n" + begin + end + "]]>\n",
		"front matter":                  "---\ntitle: x\nmarkers: |\n  " + begin + "  " + end + "---\n",
		"front matter in TOML":          "+++\nmarkers = \"\"\"\n" + begin + end + "\"\"\"\n+++\n",
		"title of a link's definition":  "[a]: /url \"\n    " + begin + "    " + end + "    \"\n",
		"code within a line":            "see `" + BeginMarker + "` and `" + EndMarker + "`\n",
		"code that goes on over a line": "see `a\n    " + begin + "b` there\n",
		"text on the line":              BeginMarker + " here\n" + EndMarker + " there\n",
		"other comments":                "<!-- stair-stepper: begin -->\n<!-- STAIR-STEPPER:BEGIN -->\n",
	} {
		block := begin + "| a |\n" + end
		for _, in := range []string{in, "# T\n\n" + in + "\nafter\n"} {
			if name == "front matter" || name == "front matter in TOML" {
				in = strings.TrimPrefix(in, "# T\n\n")
			}
			want := in + "\n" + block
			got, err := splice([]byte(in), []byte("| a |\n"))
			if err != nil || string(got) != want {
				t.Errorf("%s, first use: %q, %v; want %q", name, got, err, want)
			}
			got, err = splice([]byte(in+"\n"+begin+"old\n"+end+"x\n"), []byte("| a |\n"))
			if want := in + "\n" + block + "x\n"; err != nil || string(got) != want {
				t.Errorf("%s, with markers after it: %q, %v; want %q", name, got, err, want)
			}
		}
		if strings.HasPrefix(name, "front matter") {
			continue // which is where the file begins
		}
		got, err := splice([]byte(begin+"old\n"+end+"\n"+in), []byte("| a |\n"))
		if want := block + "\n" + in; err != nil || string(got) != want {
			t.Errorf("%s, with markers before it: %q, %v; want %q", name, got, err, want)
		}
	}
}

// TestSpliceInHTML: people centre a table, or fold it away. The table comes
// after an empty line, or it would be no table.
func TestSpliceInHTML(t *testing.T) {
	check := func(name, in, want string) {
		t.Helper()
		for range 2 {
			got, err := splice([]byte(in), []byte("| a |\n"))
			if err != nil || string(got) != want {
				t.Errorf("%s: %q, %v; want %q", name, got, err, want)
			}
			in = want
		}
	}
	check("empty lines around", "<div align=center>\n\n"+begin+"old\n"+end+"\n</div>\n", "<div align=center>\n\n"+begin+"| a |\n"+end+"\n</div>\n")
	check("no empty line", "<div align=center>\n"+begin+"old\n"+end+"</div>\n", "<div align=center>\n"+begin+"\n| a |\n"+end+"</div>\n")
	check("an empty line within", "<div>\n"+begin+"\n| old |\n\n"+end+"</div>\n", "<div>\n"+begin+"\n| a |\n"+end+"</div>\n")
	check("CRLF", "<div>\r\n"+BeginMarker+"\r\nold\r\n"+EndMarker+"\r\n</div>\r\n", "<div>\r\n"+BeginMarker+"\r\n\r\n| a |\r\n"+EndMarker+"\r\n</div>\r\n")
	check("details", "<details>\n<summary>T</summary>\n  "+begin+"  "+end+"</details>\n", "<details>\n<summary>T</summary>\n  "+begin+"\n| a |\n  "+end+"</details>\n")
	check("a tag of no fixed meaning", "<x-y>\n"+begin+end+"</x-y>\n", "<x-y>\n"+begin+"\n| a |\n"+end+"</x-y>\n")
	check("after a comment", "<!-- prettier-ignore-start -->\n"+begin+end+"<!-- prettier-ignore-end -->\n", "<!-- prettier-ignore-start -->\n"+begin+"| a |\n"+end+"<!-- prettier-ignore-end -->\n")
	check("after a paragraph", "text\n"+begin+"old\n"+end+"text\n", "text\n"+begin+"| a |\n"+end+"text\n")
	check("after a ruler at the top", "---\n\n"+begin+end+"---\n", "---\n\n"+begin+"| a |\n"+end+"---\n")
	check("after a list", "- a\n"+begin+end, "- a\n"+begin+"| a |\n"+end)
}

func TestSpliceErrors(t *testing.T) {
	check := func(name, in, block, want string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "README.md")
		if err := os.WriteFile(file, []byte(in), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := CheckSplice(file); err == nil || strings.TrimPrefix(err.Error(), file) != want {
			t.Errorf("%s: CheckSplice: %v; want %s", name, err, want)
		}
		err := Splice(file, []byte(block))
		if err == nil || strings.TrimPrefix(err.Error(), file) != want {
			t.Errorf("%s: %v; want %s", name, err, want)
		}
		if after, _ := os.ReadFile(file); string(after) != in {
			t.Errorf("%s: the file changed to %q", name, after)
		}
		var hint interface{ Hint() string }
		if strings.HasPrefix(want, ":") && !errors.As(err, &hint) {
			t.Errorf("%s: no hint", name)
		}
	}
	check("lone begin", "x\n"+begin, "b", ":2: "+BeginMarker+" has no end marker after it")
	check("lone end", end, "b", ":1: "+EndMarker+" has no begin marker before it")
	check("reversed", end+begin, "b", ":1: "+EndMarker+" comes before the begin marker")
	check("two begins", begin+"x\n"+begin+end, "b", ":3: "+BeginMarker+" was in line 1 already")
	check("two blocks", begin+end+begin+end, "b", ":3: "+BeginMarker+" was in line 1 already")
	check("open fence", "x\n```\ny\n", "b", ":2: this code fence is not closed")
	check("open fence of tildes", "~~~~ sh\ny\n", "b", ":1: this code fence is not closed")
	check("open pre", "x\n<pre>\n\n"+begin, "b", ":2: this HTML is not closed")
	check("open comment at the end", begin+"\n<!--\nx\n", "b", ":3: this HTML is not closed")
	check("end in indented code", begin+"\n    "+end, "b", ":1: "+BeginMarker+" has no end marker after it")
	check("begin in a list, end out of it", "- x\n  "+begin+end, "b", ":3: "+EndMarker+" has no begin marker before it")
	check("two blocks and an example", "> "+begin+"\n"+begin+end+"\n"+begin+end, "b", ":6: "+BeginMarker+" was in line 3 already")
	check("CR", "x\r"+BeginMarker+"\r", "b", ":2: "+BeginMarker+" has no end marker after it")
	check("end within an open fence", begin+"```\n"+end, "b", ":2: this code fence is not closed")

	for _, block := range []string{begin, "x\n" + EndMarker, "```\n", "<!--", "<pre>", "<div>\n<pre>", "<script>"} {
		if _, err := splice(nil, []byte(block)); err == nil {
			t.Errorf("block %q was taken", block)
		}
	}
	for _, in := range []string{"\xff\xfe#\x00 \x00x\x00", "\xfe\xff\x00#\x00 \x00x", "\xff\xfe"} {
		file := filepath.Join(t.TempDir(), "README.md")
		if err := os.WriteFile(file, []byte(in), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{CheckSplice(file), Splice(file, []byte("b"))} {
			if err == nil || !strings.HasSuffix(err.Error(), file+" is UTF-16") {
				t.Errorf("%q: %v; want that it is UTF-16", in, err)
			}
		}
		if after, _ := os.ReadFile(file); string(after) != in {
			t.Errorf("%q: the file changed to %q", in, after)
		}
	}

	missing := filepath.Join(t.TempDir(), "REDAME.md")
	var hint interface{ Hint() string }
	if err := Splice(missing, nil); !errors.As(err, &hint) {
		t.Errorf("missing file: %v; want a hint", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a missing file was made")
	}
}

func TestSpliceKeepsModeAndLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "docs.md"), filepath.Join(dir, "README.md")
	if err := os.WriteFile(target, []byte("# T\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("docs.md", link); err != nil {
		t.Fatal(err)
	}
	if err := CheckSplice(link); err != nil {
		t.Error(err)
	}
	if err := Splice(link, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	info, err := os.Stat(target)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v; want 0640", info.Mode(), err)
	}
	if got, _ := os.ReadFile(target); string(got) != "# T\n\n"+begin+"x\n"+end {
		t.Errorf("got %q", got)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("%d files left in the folder; want 2", len(entries))
	}
}

// TestOwnReadme: the project's own README has its table between one pair.
func TestOwnReadme(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	counting, others := parse(text).markers()
	if len(counting) != 2 || len(others) != 0 {
		t.Errorf("markers %+v, and %+v that do not count", counting, others)
	}
}

// FuzzSplice holds to two properties: a second time changes nothing, and no
// byte outside of the markers changes.
func FuzzSplice(f *testing.F) {
	for _, seed := range []string{
		"", "# T", "# T\r\n", "\ufeff" + begin + end, "a\n" + begin + "old\n" + end + "b", end + begin,
		"```\n" + begin + "```\n", "````\n```\n" + begin, "~~~ x\n", begin + "```\n" + end,
		"- ```\n  " + begin, "<div>\n" + begin + end, "---\na: b\n---\n" + begin + end, "<pre>\n\n" + begin, "a\nb\r", "+++\n" + begin,
		"\r", "a\n" + BeginMarker + "\r\n" + end, // line ends that differ
	} {
		f.Add([]byte(seed), []byte("| a |\n| b |\n"))
	}
	f.Fuzz(func(t *testing.T, file, block []byte) {
		once, err := splice(file, block)
		if err != nil {
			return
		}
		twice, err := splice(once, block)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("a second time: %v\n%q\n%q", err, once, twice)
		}
		found, _ := parse(file).markers()
		if len(found) == 0 {
			if !bytes.HasPrefix(once, file) {
				t.Fatalf("%q does not start with %q", once, file)
			}
			return
		}
		before, after := file[:found[0].end], file[found[1].start:]
		if !bytes.HasPrefix(once, before) || !bytes.HasSuffix(once, after) {
			t.Fatalf("bytes outside changed: %q to %q", file, once)
		}
	})
}
