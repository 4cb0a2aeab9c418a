package page

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// signature is in every page that this package writes, and stands near its start.
const signature = `<meta name="generator" content="stair-stepper">`

// mostHead is how far from its start a page has its signature, in bytes.
const mostHead = 4 << 10

// Save writes the finished page of a report to a file: as a whole or not at
// all. An earlier page is replaced, and nothing else: what CheckSave says is looked
// at again, for a file may have come up while the run went on.
func Save(name string, r *report.Report) error {
	if err := CheckSave(name); err != nil {
		return err
	}
	return files.Write(name, func(w io.Writer) error { return Finished(w, r) })
}

// CheckSave gives the error that Save would end with, as far as can be seen
// before. A file that is there and is no page of ours is an error too: what
// people wrote is not lost to a slip of the pen.
func CheckSave(name string) error {
	if err := files.CheckWrite(name); err != nil {
		return hint.With(err, "name a file in a folder that exists, such as report.html")
	}
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!info.Mode().IsRegular() || info.Size() == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	head, err := io.ReadAll(io.LimitReader(file, mostHead))
	if err != nil {
		return err
	}
	if !bytes.Contains(head, []byte(signature)) {
		return hint.With(fmt.Errorf("%s is there, and is no page that this program wrote", name), "name another file, or remove it first")
	}
	return nil
}
