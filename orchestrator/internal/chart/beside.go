package chart

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// mostPicture bounds the length of a picture that may be ours, in bytes.
const mostPicture = 16 << 20

// Beside writes the picture of an experiment beside a Markdown file, and gives
// the Markdown that shows it there. README.md has README.stair-stepper.svg; if
// the file is reached through a symbolic link, both the name and the folder are
// those of the file itself. A picture that would not change is not written.
//
// Errors are those of CheckBeside and of writing.
func Beside(markdown string, exp *bench.Experiment) (string, error) {
	name, old, err := beside(markdown)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := SVG(&b, exp); err != nil {
		return "", err
	}
	if !bytes.Equal(old, b.Bytes()) {
		err := files.Write(name, func(w io.Writer) error {
			_, err := w.Write(b.Bytes())
			return err
		})
		if err != nil {
			return "", fmt.Errorf("draw the picture: %w", err)
		}
	}
	return fmt.Sprintf("![%s](%s)", plain.Markdown(Alt(report.Summarize(exp))), reference(filepath.Base(name))), nil
}

// CheckBeside gives the error that Beside would give as things are now, and
// writes nothing. A file that is there and no picture of ours is one: nothing of
// others is overwritten.
func CheckBeside(markdown string) error {
	name, _, err := beside(markdown)
	if err != nil {
		return err
	}
	if err := files.CheckWrite(name); err != nil {
		return hint.With(fmt.Errorf("draw the picture: %w", err), "the picture goes beside "+markdown+": its folder must be one to write to")
	}
	return nil
}

// beside gives the name of the picture of a Markdown file, and what is there: a
// picture of ours or nothing.
func beside(markdown string) (name string, old []byte, err error) {
	file, err := filepath.EvalSymlinks(markdown)
	if err != nil {
		return "", nil, fmt.Errorf("draw the picture: %w", err)
	}
	base := filepath.Base(file)
	name = filepath.Join(filepath.Dir(file), strings.TrimSuffix(base, filepath.Ext(base))+".stair-stepper.svg")
	old, err = files.Read(name, mostPicture)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return name, nil, nil
	case err == nil && !ours(old):
		err = errors.New("it is there and was not drawn by this program")
	}
	if err != nil {
		return "", nil, hint.With(fmt.Errorf("draw the picture %s: %w", name, err), "the picture of "+base+" needs this name: move what is there away")
	}
	return name, old, nil
}

// ours says whether a file was drawn by SVG: its first element says so.
func ours(file []byte) bool {
	first, _, _ := bytes.Cut(file, []byte(">"))
	return bytes.HasPrefix(first, []byte("<svg ")) && bytes.Contains(first, []byte(" "+maker+" "))
}

// reference gives a file name as the address of a link in Markdown.
func reference(name string) string {
	return strings.ReplaceAll(url.PathEscape(name), ":", "%3A") // or what stands before it would be a scheme
}
