package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func allRows(text string, quote byte) [][]string {
	var all [][]string
	rows := newCSV(text, quote)
	for row := rows.next(); row != nil; row = rows.next() {
		all = append(all, row)
	}
	return all
}

func TestCSV(t *testing.T) {
	check := func(text string, want ...[]string) {
		t.Helper()
		if diff := cmp.Diff(want, allRows(text, '"')); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
	row := func(fields ...string) []string { return fields }

	check("")
	check("\n\r\n\r")
	check("a", row("a"))
	check("a,b\n", row("a", "b"))
	check("a\nb\r\nc\rd", row("a"), row("b"), row("c"), row("d"))
	check("\n\na\n\n\r\nb\n", row("a"), row("b"))
	check("\ufeffa,b\n", row("a", "b"))
	check("a\ufeff", row("a\ufeff"))
	check(",\n,,", row("", ""), row("", "", ""))
	check(" a , b \n \n", row(" a ", " b "), row(" "))
	check(`"a","b,c"`+"\n", row("a", "b,c"))
	check(`"a""b"""`, row(`a"b"`))
	check("\"a\r\nb\"\n", row("a\r\nb"))
	check(`a"b",c`, row(`a"b"`, "c"))
	check(`"a"b"c",d`, row(`ab"c"`, "d"))
	check(`"a" ,b`, row("a ", "b"))
	check(`"a`+"\nb,c\n", row("a\nb,c\n"))
	check(`""`+"\n"+`"",""`, row(""), row("", ""))
	check(`"`, row(""))
	check("\xff,b\n", row("\xff", "b"))

	got := allRows("'a,b',\"c\"\n\\d\\,e", '\'')
	if diff := cmp.Diff([][]string{{"a,b", `"c"`}, {`\d\`, "e"}}, got); diff != "" {
		t.Errorf("other quotes (-want +got)\n%s", diff)
	}
}

// TestCSVLines checks the line of a row, which a warning about it shows.
func TestCSVLines(t *testing.T) {
	rows := newCSV("\na\r\n\n\"b\nb\r\nb\"\nc\rd", '"')
	var lines []int
	for row := rows.next(); row != nil; row = rows.next() {
		lines = append(lines, rows.line)
	}
	if diff := cmp.Diff([]int{2, 4, 7, 8}, lines); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// FuzzCSV writes rows down with quotes around every field and reads them back,
// and checks that any text at all comes to rows that are not blank.
func FuzzCSV(f *testing.F) {
	f.Add("a,b\n\"c\"\"\",d", byte('"'))
	f.Add("'a'b\r,\r\n", byte('\''))
	f.Add("\\'a", byte('\\'))
	f.Fuzz(func(t *testing.T, text string, quote byte) {
		rows := newCSV(text, quote)
		size, line := 0, 0
		for row := rows.next(); row != nil; row = rows.next() {
			if len(row) == 0 || rows.line <= line || rows.line > 1+strings.Count(text, "\n")+strings.Count(text, "\r") {
				t.Fatalf("row %q on line %d after %d", row, rows.line, line)
			}
			line = rows.line
			for _, field := range row {
				size += len(field)
			}
		}
		if size > len(text) {
			t.Fatalf("%d bytes of fields from %d", size, len(text))
		}
		if strings.IndexByte("\r\n,", quote) >= 0 {
			return
		}
		q := string([]byte{quote})
		var want [][]string
		var b strings.Builder
		for row := range strings.SplitSeq(text, ";") {
			fields := strings.Split(row, ",")
			want = append(want, fields)
			for i, field := range fields {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString(q + strings.ReplaceAll(field, q, q+q) + q)
			}
			b.WriteByte('\n')
		}
		if strings.HasPrefix(b.String(), "\ufeff") {
			return
		}
		if diff := cmp.Diff(want, allRows(b.String(), quote)); diff != "" {
			t.Errorf("%q (-want +got)\n%s", b.String(), diff)
		}
	})
}
