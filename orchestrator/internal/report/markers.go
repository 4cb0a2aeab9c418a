package report

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	source "github.com/yuin/goldmark/text"
	"golang.org/x/net/html"
)

// marker is a line of a Markdown file that holds a marker and nothing else.
type marker struct {
	line       int // from 1
	start, end int // of the line; end is after its line end
	begin      bool
	inside     bool // it is one line of a larger block of HTML
}

// markdown is a file as a CommonMark parser sees it.
type markdown struct {
	plain  []byte // less the byte order mark, with front matter blanked and line feeds at all lines' ends
	offset int    // of plain in the file
	root   ast.Node
}

// utf8BOM may stand at the start of a file.
var utf8BOM = []byte("\ufeff")

// parse finds the blocks of a file. Text within them is of no interest.
func parse(file []byte) markdown {
	plain := bytes.Clone(bytes.TrimPrefix(file, utf8BOM))
	for i, c := range plain {
		if c == '\r' && !bytes.HasPrefix(plain[i+1:], []byte("\n")) {
			plain[i] = '\n' // the parser knows no line that ends so
		}
	}
	for i := range frontMatter(plain) {
		if plain[i] != '\n' {
			plain[i] = ' '
		}
	}
	p := parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
	)
	return markdown{plain, len(file) - len(plain), p.Parse(source.NewReader(plain))}
}

// frontMatter gives the length of what stands before the Markdown proper for
// other programs: from a first line of --- or +++ to the next one. If the
// second line is empty the first is a ruler.
func frontMatter(plain []byte) int {
	at, fence := 0, ""
	for line := range bytes.Lines(plain) {
		at += len(line)
		switch content := string(bytes.TrimRight(line, " \t\r\n")); {
		case fence == "" && at == len(line) && (content == "---" || content == "+++"):
			fence = content
		case fence == "", content == "" && bytes.Count(plain[:at], []byte("\n")) == 2:
			return 0
		case content == fence, content == "..." && fence == "---":
			return at
		}
	}
	return 0
}

// markers lists the lines that hold a marker: those that count, and those that
// do not. To count, a marker is HTML of the document itself. In code, a list, a
// quote, a longer comment or <pre> it is an example, or is shown where a
// table would not be.
func (m markdown) markers() (counting, others []marker) {
	for n := m.root.FirstChild(); n != nil; n = n.NextSibling() {
		if block, ok := n.(*ast.HTMLBlock); ok {
			counting = append(counting, m.ofBlock(block)...)
		}
	}
	start, number := 0, 0
	for line := range bytes.Lines(m.plain) {
		number++
		from := start + m.offset
		start += len(line)
		if begin, ok := isMarker(line); ok && !slices.ContainsFunc(counting, func(c marker) bool { return c.start == from }) {
			others = append(others, marker{line: number, start: from, end: start + m.offset, begin: begin})
		}
	}
	return counting, others
}

// ofBlock finds the markers in a block of HTML. Besides a marker that is a block
// by itself these are lines of a block such as <div>, which runs up to an empty
// line and is what people centre a table with.
func (m markdown) ofBlock(block *ast.HTMLBlock) (found []marker) {
	switch block.HTMLBlockType {
	case ast.HTMLBlockType2, ast.HTMLBlockType6, ast.HTMLBlockType7:
	default: // <pre>, a script: what is in there means nothing outside
		return nil
	}
	lines := block.Lines()
	at := lines.At(0).Start
	stop := max(lines.At(lines.Len()-1).Stop, block.ClosureLine.Stop)
	tokens := html.NewTokenizer(bytes.NewReader(m.plain[at:stop]))
	for pre := 0; ; {
		kind := tokens.Next()
		raw := tokens.Raw()
		from, to := m.lineAt(at)
		_, alone := isMarker(m.plain[from:to])
		switch {
		case kind == html.ErrorToken:
			return found
		case kind == html.StartTagToken && isPre(tokens):
			pre++
		case kind == html.EndTagToken && isPre(tokens):
			pre = max(0, pre-1)
		case kind == html.CommentToken && alone && pre == 0 && at+len(raw) <= to:
			begin := string(raw) == BeginMarker
			found = append(found, marker{
				line: m.lineNumber(at), start: from + m.offset, end: to + m.offset,
				begin: begin, inside: lines.Len() > 1,
			})
		}
		at += len(raw)
	}
}

func isPre(t *html.Tokenizer) bool {
	name, _ := t.TagName()
	return string(name) == "pre"
}

// isMarker says whether a line holds a marker alone, and which.
func isMarker(line []byte) (begin, ok bool) {
	content := string(bytes.Trim(line, " \t\r\n"))
	return content == BeginMarker, content == BeginMarker || content == EndMarker
}

// lineAt gives the line of plain around an offset.
func (m markdown) lineAt(at int) (from, to int) {
	from = bytes.LastIndexByte(m.plain[:at], '\n') + 1
	if i := bytes.IndexByte(m.plain[at:], '\n'); i >= 0 {
		return from, at + i + 1
	}
	return from, len(m.plain)
}

func (m markdown) lineNumber(at int) int { return bytes.Count(m.plain[:at], []byte("\n")) + 1 }

// unclosed tells of the block at the end of a file that would take in all that is
// added, such as a code fence that does not end; nil if there is none.
func unclosed(file []byte) *markerError {
	probe := slices.Concat(file, []byte("\n\n"+BeginMarker+"\n"))
	counting, _ := parse(probe).markers()
	if n := len(counting); n > 0 && counting[n-1].end == len(probe) {
		return nil
	}
	m := parse(file)
	last := m.root.LastChild()
	if last == nil {
		return nil
	}
	from, to := m.lineAt(max(0, last.Pos()))
	line := strings.TrimSpace(string(m.plain[from:to]))
	problem := &markerError{line: m.lineNumber(from), problem: "this HTML is not closed"}
	switch block := last.(type) {
	case *ast.FencedCodeBlock:
		problem.problem = "this code fence is not closed"
		problem.advice = "close it with a line of " + line[:len(line)-len(strings.TrimLeft(line, line[:1]))]
	case *ast.HTMLBlock:
		tag, _, _ := strings.Cut(strings.TrimLeft(cmp.Or(line, "<"), "<"), ">")
		name, _, _ := strings.Cut(tag, " ")
		problem.advice = "close it with " + map[ast.HTMLBlockType]string{
			ast.HTMLBlockType1: "</" + name + ">", ast.HTMLBlockType2: "-->", ast.HTMLBlockType3: "?>",
			ast.HTMLBlockType4: ">", ast.HTMLBlockType5: "]]>",
		}[block.HTMLBlockType]
	}
	return problem
}

// pair checks that there is one begin and, after it, one end.
func pair(found, others []marker) (begin, end marker, err error) {
	name := map[bool]string{true: BeginMarker, false: EndMarker}
	fail := func(m marker, problem string) (marker, marker, error) {
		advice := "leave one begin and one end marker, in this order, or remove both to have them added at the end"
		if i := slices.IndexFunc(others, func(o marker) bool { return o.begin != m.begin }); i >= 0 {
			advice += fmt.Sprintf("; the one in line %d does not count: it is in code, a list, a quote or other text", others[i].line)
		}
		return marker{}, marker{}, &markerError{m.line, name[m.begin] + " " + problem, advice}
	}
	first := map[bool]marker{}
	for _, m := range found {
		if earlier, twice := first[m.begin]; twice {
			return fail(m, fmt.Sprintf("was in line %d already", earlier.line))
		}
		first[m.begin] = m
	}
	begin, opened := first[true]
	end, closed := first[false]
	switch {
	case !opened:
		return fail(end, "has no begin marker before it")
	case !closed:
		return fail(begin, "has no end marker after it")
	case end.line < begin.line:
		return fail(end, "comes before the begin marker")
	}
	return begin, end, nil
}
