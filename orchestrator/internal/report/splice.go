package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// The markers between which Splice puts its block. Each stands alone on a line, as
// HTML of the document itself.
const (
	BeginMarker = "<!-- stair-stepper:begin -->"
	EndMarker   = "<!-- stair-stepper:end -->"
)

// mostMarkdown bounds the length of a Markdown file, in bytes.
const mostMarkdown = 16 << 20

// Splice puts block between the markers of a Markdown file, and replaces what
// was there. If the file has no markers yet, both are added at its end, after an
// empty line. No byte outside of the markers changes; the block's line ends
// become that of the begin marker, at first that of the file's first line. A file
// that would not change is not written.
//
// A marker counts if it is alone on its line, spaces aside, and CommonMark takes
// it for HTML of the document itself: in code, a list, a quote, a comment or
// front matter it is text that shows the markers. Within the lines of a <div>
// or the like it counts, and an empty line then lets the table be one.
// Owner, permissions and links stay, as files.Write says.
//
// The file has to exist: a misspelt name should not make one. That, markers that
// are lone, doubled or in the wrong order, a code fence or HTML that does not
// end and so leaves them no place, and a block that would itself bring markers or
// not end are errors with a line where there is one, and so is a file in UTF-16;
// the file is left alone then.
func Splice(file string, block []byte) error {
	old, spliced, err := read(file, block)
	if err != nil || bytes.Equal(old, spliced) {
		return err
	}
	return files.Write(file, func(w io.Writer) error {
		_, err := w.Write(spliced)
		return err
	})
}

// CheckSplice gives the error that Splice would give for the file as it is now,
// and writes nothing: it can be asked before an experiment starts.
func CheckSplice(file string) error {
	if _, _, err := read(file, nil); err != nil {
		return err
	}
	if err := files.CheckWrite(file); err != nil {
		return fmt.Errorf("splice the table: %w", err)
	}
	return nil
}

// read gives the file as it is, and with the block.
func read(file string, block []byte) (old, spliced []byte, err error) {
	old, err = files.Read(file, mostMarkdown)
	if err != nil {
		err = fmt.Errorf("splice the table: %w", err)
		if errors.Is(err, fs.ErrNotExist) {
			err = hint.With(err, "the file must exist: create an empty one if the name is right")
		}
		return nil, nil, err
	}
	if bytes.HasPrefix(old, []byte("\xff\xfe")) || bytes.HasPrefix(old, []byte("\xfe\xff")) {
		return nil, nil, hint.With(fmt.Errorf("splice the table: %s is UTF-16", file), "save it as UTF-8")
	}
	spliced, err = splice(old, block)
	if err != nil {
		var at *markerError
		if errors.As(err, &at) {
			return nil, nil, hint.With(fmt.Errorf("%s:%d: %s", file, at.line, at.problem), at.advice)
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
	found, others := parse(file).markers()
	if len(found) != 2 {
		if open := unclosed(file); open != nil {
			return nil, open // markers added at the end would be part of it, and one behind it is
		}
	}
	body := strings.Trim(strings.ReplaceAll(string(block), "\r\n", "\n"), "\n")
	if body != "" {
		body += "\n"
	}
	if len(found) == 0 {
		newline := lineEnd(file)
		added := strings.ReplaceAll(BeginMarker+"\n"+body+EndMarker+"\n", "\n", newline)
		from := string(file) + leadIn(file, newline)
		return checked([]byte(from+added), len(from), len(from)+len(added)-len(EndMarker+newline))
	}
	begin, end, err := pair(found, others)
	if err != nil {
		return nil, err
	}
	if begin.inside && body != "" {
		body = "\n" + body // the empty line ends the HTML, or the table would be part of it
	}
	body = strings.ReplaceAll(body, "\n", lineEnd(file[begin.start:begin.end]))
	spliced := string(file[:begin.end]) + body + string(file[end.start:])
	return checked([]byte(spliced), begin.start, begin.end+len(body))
}

// checked gives back a text whose markers are in the lines that start there, and
// an error if the block between them has changed that.
func checked(spliced []byte, begin, end int) ([]byte, error) {
	found, _ := parse(spliced).markers()
	if len(found) != 2 || found[0].start != begin || found[1].start != end {
		return nil, errors.New("the block has a marker, or a code fence or HTML that is not closed")
	}
	return spliced, nil
}

// lineEnd gives the line end of the first line of text, LF if it has none.
func lineEnd(text []byte) string {
	i := bytes.IndexAny(text, "\r\n")
	switch {
	case i < 0 || text[i] == '\n':
		return "\n"
	case bytes.HasPrefix(text[i:], []byte("\r\n")):
		return "\r\n"
	}
	return "\r"
}

// leadIn is what makes an empty line between a file's text and what is added.
func leadIn(file []byte, newline string) string {
	text := bytes.TrimPrefix(file, utf8BOM)
	switch rest, ended := bytes.CutSuffix(text, []byte(newline)); {
	case len(text) == 0:
		return ""
	case !ended:
		return newline + newline
	case len(rest) == 0 || rest[len(rest)-1] == '\n' || rest[len(rest)-1] == '\r':
		return ""
	}
	return newline
}
