package plain

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestWhole(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		if got := Whole(in); got != want {
			t.Errorf("Whole(%+q) = %+q; want %+q", in, got, want)
		}
	}
	check("\x1b[2J\x1b]0;title\x07", `\x1b[2J\x1b]0;title\x07`)
	check("a\nb\rc\td\x00e\x08f\x7f", `a\nb\rc\td\x00e\x08f\x7f`)
	check("\u0080\u009b31m\u009f", `\u0080\u009b31m\u009f`)
	check("\x9b31m \xff\xc3 \xed\xa0\x80", `\x9b31m \xff\xc3 \xed\xa0\x80`) // bytes that are no UTF-8
	check("a\u202eb\u202c\u2066\u2069\u200e\u200f\u061c", `a\u202eb\u202c\u2066\u2069\u200e\u200f\u061c`)
	check("a\u200bb\u2060\ufeff\u00ad", `a\u200bb\u2060\ufeff\u00ad`)
	check("a\u2028b\u2029", `a\u2028b\u2029`)
	check("a\U000e0041\U000e007f", `a\U000e0041\U000e007f`)
	check("a\u200db\u200c", `a\u200db\u200c`)         // joiners that join nothing
	check("\u3164\uffa0\u115f", `\u3164\uffa0\u115f`) // letters that show as nothing
	check("a\ufe0f\ufe0fb", "a\ufe0f"+`\ufe0f`+"b")   // only one can mean something
	check("\uffff\ufdd0", `\uffff\ufdd0`)
	check("a"+strings.Repeat("\u0301", 12), "a"+strings.Repeat("\u0301", 10)+`\u0301\u0301`)
}

// clean are texts that people write.
var clean = []string{
	"", "libc", `C:\temp\x1b`, "naïve Größe", "Ελληνικά Русский", "日本語のテスト", "한국어", "עברית", "العربية",
	"می\u200cخواهم", "क्\u200dष", "র\u200d্যাব", "ශ්\u200dරී", // joiners that are spelling
	"👍🏽 👩\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 ❤️ 👩🏽\u200d🚀 🇩🇪 1️⃣", "e\u0301", "a b", "·–−×→≈¹²³µ", "\ue0b0", "\ufffd",
}

func TestCleanTextIsGivenBack(t *testing.T) {
	for _, text := range clean {
		for name, f := range map[string]func(string) string{"Whole": Whole, "Name": Name, "Line": Line, "Text": Text, "Log": Log} {
			if got := f(text); got != text {
				t.Errorf("%s(%+q) = %+q", name, text, got)
			}
		}
		if n := testing.AllocsPerRun(10, func() { Name(text) }); n != 0 {
			t.Errorf("Name(%q) allocates %v times", text, n)
		}
	}
}

func TestCut(t *testing.T) {
	check := func(in string, columns int, want string) {
		t.Helper()
		got := Cut(in, columns)
		if got != want {
			t.Errorf("Cut(%+.40q, %d) = %q; want %q", in, columns, got, want)
		}
		if Width(got) > columns {
			t.Errorf("Cut(%+.40q, %d) takes %d columns", in, columns, Width(got))
		}
	}
	check("abcdef", 6, "abcdef")
	check("abcdefg", 6, "abcde…")
	check("日本語日本語", 12, "日本語日本語")
	check("日本語日本語", 11, "日本語日本…")
	check("日本語", 4, "日…")
	check("ab👩\u200d👩\u200d👧\u200d👦cd", 4, "ab…") // an emoji goes as a whole
	check("ae\u0301bc", 3, "ae\u0301…")
	check("ab\x1b[2Jcd", 6, `ab\x1…`)
	check("क्\u200dषक्\u200dषक्\u200dष", 2, "क्\u200dष…")
	check("كك\u200dك\u200dك", 3, "كك…") // no joiner without what it joins
	check("abc", 1, "…")
	check(strings.Repeat("x", 65_536), 60, strings.Repeat("x", 46)+"… (66 kB, cut)")
	check(strings.Repeat("x", 300), 60, strings.Repeat("x", 46)+"… (300 B, cut)")
	check(strings.Repeat("x", 5_200_000), 60, strings.Repeat("x", 47)+"… (5 MB, cut)")
	check("a"+strings.Repeat("\u0301\u200d", 4000), 2, "a\u0301…")
	check(strings.Repeat("é", 20_000), 9, "éééééééé…") // longer than is looked at
}

func TestText(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		if got := Text(in); got != want {
			t.Errorf("Text(%+.40q) = %+.90q; want %+.90q", in, got, want)
		}
	}
	check("a\n\tb\n", "a\n\tb\n")
	check("a\r\n\x1b[1mb\rc\n", "a\n"+`\x1b[1mb\rc`+"\n")
	check("ü\n"+strings.Repeat("x", 64_000)+"\nend", "ü\n"+strings.Repeat("x", 1986)+"… (64 kB, cut)\nend")
	lines := strings.Repeat("line\n", 100_000)
	got := Text(lines)
	if len(got) > mostText || !strings.HasSuffix(got, "line\n… (500 kB, cut)") {
		t.Errorf("100,000 lines end in %q, %d bytes", got[len(got)-40:], len(got))
	}
}

func TestLog(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		if got := Log(in); got != want {
			t.Errorf("Log(%+.40q) = %q; want %q", in, got, want)
		}
	}
	check("plain", "plain")
	check("main.c:3: \x1b[01;31m\x1b[Kerror:\x1b[m\x1b[K no", "main.c:3: error: no")
	check("\x1b]0;make\x07cc -c x.c", "cc -c x.c")
	check(" 10 %\r 50 %\r100 %\r\n", "100 %")
	check("10 %\rdone   \r", "done")
	check("a\tb", "a    b")
	check("a\x1b7b\x9bc", `a\x1b7b\x9bc`) // not complete, so nothing to leave out
	check(strings.Repeat("x", 64_000), strings.Repeat("x", 186)+"… (64 kB, cut)")
	check(strings.Repeat("y", 70_000)+"\r"+"last", "last")
	check(strings.Repeat("x", 9_000_000), strings.Repeat("x", 187)+"… (9 MB, cut)")
	check("\r\n", "")
}

func TestLastWords(t *testing.T) {
	var log []string
	for i := range 30 {
		log = append(log, "line "+string(rune('a'+i%26)), " \r")
	}
	log = append(log, "panic: \x1b[31mno\x1b[0m", strings.Repeat("z", 64_000))
	got := LastWords(log)
	want := []string{"line w", "line x", "line y", "line z", "line a", "line b", "line c", "line d", "panic: no", strings.Repeat("z", 186) + "… (64 kB, cut)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := LastWords([]string{"", " "}); got != nil {
		t.Errorf("nothing said gives %q", got)
	}
}

func TestLines(t *testing.T) {
	long := strings.Repeat("body ", 20_000)
	for in, want := range map[string]string{
		"- name: a\n\tb\n":   "- name: a\n\tb\n",
		long:                 long,
		"ü\r\n\x1b[1m\u202e": "ü" + `\r` + "\n" + `\x1b[1m\u202e`,
	} {
		if got := Lines(in); got != want {
			t.Errorf("Lines(%+.40q) = %+.40q", in, got)
		}
	}
}

func TestMarkdown(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		if got := Markdown(in); got != want {
			t.Errorf("Markdown(%q) = %q; want %q", in, got, want)
		}
	}
	check("libc 2.36 (−39 %)", "libc 2.36 (−39 %)")
	check("a|b_c <d>\n& `e`", "a\\|b\\_c &lt;d&gt; &amp; \\`e\\`")
	check("<!-- stair-stepper:end -->", `&lt;\!-- stair-stepper:end --&gt;`)
	check("![x](y) [l]: z", `\!\[x\](y) \[l\]: z`)
	check("**b** ~~s~~ \\", `\*\*b\*\* \~\~s\~\~ \\`)
	check("@all a@b.example", "`@`all a`@`b.example")
	check("@@", "`@@`")
	check("#12 x/y#3", "`#`12 x/y`#`3")
	check("https://h/ www.h WWW.h _www.h", "https`:`//h/ www`.`h WWW`.`h \\_www`.`h")
	check("$x$", "`$`x`$`")
	check("a\r\n\r\n# b\x1b[1m", "a `#` b\\\\x1b\\[1m")
	check("`@", "\\``@`")
}

func TestCode(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		if got := Code(in); got != want {
			t.Errorf("Code(%q) = %q; want %q", in, got, want)
		}
	}
	check("", "")
	check("compare --tags  medium", "`compare --tags medium`")
	check("a`b\n<!-- x -->\x1b", "`a'b <! -- x -->\\x1b`")
}

func TestField(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		if got := Field(in); got != want {
			t.Errorf("Field(%q) = %q; want %q", in, got, want)
		}
	}
	check("", "")
	check("libc", "libc")
	check("a=b", "a=b")
	for _, formula := range []string{`=HYPERLINK("http://h")`, "+1", "-1", "@SUM(A1)", "＝1", "  =1"} {
		check(formula, "'"+formula)
	}
	check("\t=1", `\t=1`)
	check("\r=1", `\r=1`)
	check("a\nb", `a\nb`)
}

func TestJSON(t *testing.T) {
	for _, text := range append([]string{"\x7f\u009b2J", "a\u202eb\u2066", "\U000e0041", "\x1b\\u009b"}, clean...) {
		var in strings.Builder
		encoder := json.NewEncoder(&in)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(text); err != nil {
			t.Fatal(err)
		}
		got := JSON([]byte(in.String()))
		var back string
		if err := json.Unmarshal(got, &back); err != nil || back != text {
			t.Errorf("%s gives %+q, %v; want %+q", got, back, err, text)
		}
		for _, r := range strings.TrimSuffix(string(got), "\n") {
			if r != zeroWidthJoiner && r != zeroWidthNonJoiner && hidden(r) {
				t.Errorf("JSON of %+q has %+q", text, r)
			}
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, text := range append([]string{"\x1b[2J\u009b\x9b\u202e\u2028\U000e0041", "a\r\nb\tc", strings.Repeat("\u0301", 40), "\u200d\ufe0f\u200d", "क्\u200d\u200d", strings.Repeat("x", 5000)}, clean...) {
		f.Add(text, 20)
	}
	f.Fuzz(func(t *testing.T, text string, columns int) {
		columns = 1 + (columns&0xffff)%3000
		check := func(name string, f func(string) string, allowed string, columns, bytes int) {
			got := f(text)
			if !utf8.ValidString(got) {
				t.Errorf("%s(%+q) = %+q, which is no UTF-8", name, text, got)
			}
			for _, r := range got {
				if !strings.ContainsRune(allowed, r) && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)) {
					t.Errorf("%s(%+q) = %+q has %+q", name, text, got, r)
				}
			}
			if again := f(got); again != got {
				t.Errorf("%s(%+q) = %+q, and of that %+q", name, text, got, again)
			}
			if len(got) > bytes || columns > 0 && Width(got) > columns {
				t.Errorf("%s(%+q) has %d bytes in %d columns", name, text, len(got), Width(got))
			}
		}
		check("Whole", Whole, "", 0, 10*len(text))
		check("Cut", func(s string) string { return Cut(s, columns) }, "", columns, columns*bytesPerColumn)
		check("Text", Text, "\n\t", 0, mostText)
		check("Log", Log, "", NameWidth, NameWidth*bytesPerColumn)

		markdown := Markdown(text)
		bare := regexp.MustCompile("`[^`]*`").ReplaceAllString(strings.NewReplacer(`\\`, "", `\|`, "", "\\`", "").Replace(markdown), "")
		if strings.ContainsAny(bare, "<>|`@#$\n") || strings.Contains(bare, "://") || strings.Contains(strings.ToLower(bare), "www.") {
			t.Errorf("Markdown(%+q) = %q", text, markdown)
		}
		if inner := strings.Trim(Code(text), "`"); strings.ContainsAny(inner, "`\n") || strings.Contains(inner, "<!--") {
			t.Errorf("Code(%+q) = %q", text, inner)
		}
		if field := Field(text); strings.ContainsAny(field[:min(1, len(field))], "=+-@\t\r") {
			t.Errorf("Field(%+q) = %q", text, field)
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var want, got string
		if err := errors.Join(json.Unmarshal(quoted, &want), json.Unmarshal(JSON(quoted), &got)); err != nil || got != want {
			t.Errorf("JSON of %+q gives %+q, %v", text, got, err)
		}
	})
}
