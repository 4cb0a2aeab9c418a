package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// The markers between which Splice puts its block. Each stands alone on a line.
const (
	BeginMarker = "<!-- stair-stepper:begin -->"
	EndMarker   = "<!-- stair-stepper:end -->"
)

// Splice puts block between the markers of a Markdown file, and replaces what
// was there. If the file has no markers yet, both are added at its end, after an
// empty line. No byte outside of the markers changes; the block's line ends
// become that of the begin marker, at first that of the file's first line. A file that would not change is not written.
//
// A marker counts if it is alone on its line, spaces aside, and outside of code
// fences, so that a text may show the markers. Permissions stay, and a symbolic
// link is followed.
//
// The file has to exist: a misspelt name should not make one. That, markers that
// are lone, doubled or in the wrong order, a code fence that leaves no place for them to work, and a
// block that would itself bring markers or an open fence are errors with a line
// where there is one; the file is left alone then.
func Splice(file string, block []byte) error {
	old, spliced, err := read(file, block)
	if err != nil || bytes.Equal(old, spliced) {
		return err
	}
	return WriteFile(file, func(w io.Writer) error {
		_, err := w.Write(spliced)
		return err
	})
}

// CheckSplice gives the error that Splice would give for the file as it is now,
// and writes nothing: it can be asked before an experiment starts.
func CheckSplice(file string) error {
	if _, _, err := resolve(file); err != nil {
		return fmt.Errorf("splice the table into %s: %w", file, err)
	}
	_, _, err := read(file, nil)
	return err
}

// read gives the file as it is, and with the block.
func read(file string, block []byte) (old, spliced []byte, err error) {
	old, err = os.ReadFile(file)
	if err != nil {
		err = fmt.Errorf("splice the table into %s: %w", file, err)
		if errors.Is(err, fs.ErrNotExist) {
			err = &hinted{err, "the file has to exist; make an empty one if the name is right"}
		}
		return nil, nil, err
	}
	spliced, err = splice(old, block)
	if err != nil {
		var at *markerError
		if errors.As(err, &at) {
			return nil, nil, &hinted{fmt.Errorf("%s:%d: %s", file, at.line, at.problem), at.advice}
		}
		return nil, nil, fmt.Errorf("splice the table into %s: %w", file, err)
	}
	return old, spliced, nil
}

// markerError is a fault of a file's markers.
type markerError struct {
	line    int // from 1
	problem string
	advice  string
}

func (e *markerError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.problem) }

// splice is Splice on bytes.
func splice(file, block []byte) ([]byte, error) {
	if _, _, open := scan(block); open != nil || bytes.Contains(block, []byte(BeginMarker)) || bytes.Contains(block, []byte(EndMarker)) {
		return nil, errors.New("the block has a marker or an open code fence of its own")
	}
	lines, found, open := scan(file)
	if open != nil && len(found) != 2 {
		return nil, open // a marker added at the end, or one behind it, would be code
	}
	from, to := len(file), len(file)
	newline := lineEnd(file)
	if len(found) > 0 {
		begin, end, err := pair(found)
		if err != nil {
			return nil, err
		}
		from, to = lines[begin.line].end, lines[end.line].start
		newline = lineEnd(file[lines[begin.line].start:from])
	}
	body := strings.Trim(strings.ReplaceAll(string(block), "\r\n", "\n"), "\n")
	if body != "" {
		body = strings.ReplaceAll(body, "\n", newline) + newline
	}

	if len(found) == 0 {
		lead := newline
		switch {
		case len(bytes.TrimPrefix(file, utf8BOM)) == 0:
			lead = ""
		case !bytes.HasSuffix(file, []byte("\n")):
			lead = newline + newline
		case bytes.HasSuffix(file, []byte("\n"+newline)):
			lead = ""
		}
		return []byte(string(file) + lead + BeginMarker + newline + body + EndMarker + newline), nil
	}
	return []byte(string(file[:from]) + body + string(file[to:])), nil
}

// lineEnd gives the line end of the first line of text, LF if it has none.
func lineEnd(text []byte) string {
	if i := bytes.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// marker is a marker that was found, in a line counted from 0.
type marker struct {
	line  int
	begin bool
}

// pair checks that there is one begin and, after it, one end.
func pair(found []marker) (begin, end marker, err error) {
	const advice = "leave one begin and one end marker, in this order, or remove both to have them added at the end"
	name := map[bool]string{true: BeginMarker, false: EndMarker}
	fail := func(m marker, problem string) (marker, marker, error) {
		return marker{}, marker{}, &markerError{m.line + 1, name[m.begin] + " " + problem, advice}
	}
	first := map[bool]marker{}
	for _, m := range found {
		if earlier, twice := first[m.begin]; twice {
			return fail(m, fmt.Sprintf("was in line %d already", earlier.line+1))
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

// utf8BOM may stand at the start of a file.
var utf8BOM = []byte("\ufeff")

// extent is where a line lies: end is after its line end.
type extent struct{ start, end int }

// scan cuts text into lines and finds the markers outside of code fences. open
// tells of a fence that does not end; it is nil if all do.
func scan(text []byte) (lines []extent, found []marker, open *markerError) {
	fence, opened := "", 0 // the run of signs that opened a fence, and its line
	for start := 0; start < len(text); {
		end := len(text)
		if i := bytes.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i + 1
		}
		line := text[start:end]
		if start == 0 {
			line = bytes.TrimPrefix(line, utf8BOM)
		}
		run, bare := fenceRun(string(line))
		switch content := strings.Trim(string(line), " \t\r\n"); {
		case fence == "" && run != "":
			fence, opened = run, len(lines)
		case fence != "" && bare && run[0] == fence[0] && len(run) >= len(fence):
			fence = ""
		case fence == "" && (content == BeginMarker || content == EndMarker):
			found = append(found, marker{len(lines), content == BeginMarker})
		}
		lines = append(lines, extent{start, end})
		start = end
	}
	if fence != "" {
		open = &markerError{opened + 1, "this code fence does not end", "close it with a line of " + fence}
	}
	return lines, found, open
}

// fenceRun gives the backticks or tildes that start a line which opens or
// closes a code fence, and whether nothing follows them, as in a closing line.
func fenceRun(line string) (run string, bare bool) {
	text := strings.TrimLeft(line, " ")
	if len(line)-len(text) > 3 || text == "" || text[0] != '`' && text[0] != '~' {
		return "", false
	}
	rest := strings.TrimLeft(text, text[:1])
	run = text[:len(text)-len(rest)]
	if len(run) < 3 || run[0] == '`' && strings.Contains(rest, "`") {
		return "", false // too short, or code within a line
	}
	return run, strings.TrimSpace(rest) == ""
}
