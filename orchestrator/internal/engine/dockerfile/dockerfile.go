// Package dockerfile reads Dockerfiles, as far as engines need to understand
// them, and finds what of a project a build from one needs.
package dockerfile

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// File is what the engines need to know of a Dockerfile: its arguments and,
// stage by stage, the base and the instructions. It is no judge of the
// rest; that is the engine's own business.
type File struct {
	Args   []Arg   // before the first FROM, in order
	Stages []Stage // at least one

	args map[string]string // see Given
}

// Arg is an ARG with its default.
type Arg struct {
	Name    string
	Default string
}

// Stage is one FROM and what follows it.
type Stage struct {
	From  string // as written, such as ${RUN_BASE}
	Name  string // after AS; may be empty
	Steps []Step
}

// Step is one instruction of a stage.
type Step struct {
	Line    int    // where it begins, from 1
	Keyword string // in capitals, such as RUN
	Text    string // what follows it, continuation lines joined
}

// MostBytes bounds the length of a Dockerfile, in bytes.
const MostBytes = 1 << 20

// Read reads and parses the Dockerfile at path. An error about its text begins
// with PATH:LINE.
func Read(path string) (*File, error) {
	text, err := files.Read(path, MostBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist) && isLink(path):
		return nil, &hint.Error{Err: fmt.Errorf("%s is a symbolic link to nothing", path), Advice: "remove the link or repair it"}
	case errors.Is(err, fs.ErrNotExist):
		return nil, &hint.Error{
			Err:    fmt.Errorf("there is no %s", path),
			Advice: "a variant NAME is built from the file Dockerfile.NAME",
		}
	case err != nil:
		return nil, err
	}
	d, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return d, nil
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// Parse parses the text of a Dockerfile. An error begins with the
// line's number.
func Parse(text string) (*File, error) {
	d := &File{}
	var pending string
	var line, start int
	scan := bufio.NewScanner(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		line++
		trimmed := strings.TrimSpace(scan.Text())
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			if len(d.Args)+len(d.Stages) == 0 && escape.MatchString(trimmed) {
				return nil, fmt.Errorf("%d: the escape directive is not supported: use backslashes", line)
			}
			continue // a comment between continuation lines is dropped as well
		}
		if pending == "" {
			start = line
		}
		if head, more := strings.CutSuffix(trimmed, `\`); more {
			pending += head + " "
			continue
		}
		full := pending + trimmed
		pending = ""
		if err := d.add(start, full); err != nil {
			return nil, err
		}
		// The texts that <<END begins are no instructions.
		for _, h := range heredocs(full) {
			for {
				if !scan.Scan() {
					return nil, fmt.Errorf("%d: the heredoc <<%s has no end", start, h.end)
				}
				line++
				if h.ends(scan.Text()) {
					break
				}
			}
		}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("%d: %w", line+1, err)
	}
	if pending != "" {
		return nil, fmt.Errorf("%d: the last line ends with a backslash", line)
	}
	if len(d.Stages) == 0 {
		return nil, fmt.Errorf("%d: no FROM", max(1, line))
	}
	return d, nil
}

// escape is the directive that makes another sign than the backslash join lines.
var escape = regexp.MustCompile(`^#\s*(?i:escape)\s*=\s*[^\\\s]`)

// heredoc is a text of several lines that an instruction begins with <<END.
type heredoc struct {
	end  string
	tabs bool // <<-: they may stand before the end
}

var heredocWord = regexp.MustCompile(`^\d*<<(-?)([^<]+)$`)

// heredocs are the texts that an instruction begins, in order.
func heredocs(instruction string) []heredoc {
	words := split(instruction)
	if len(words) == 0 || !slices.Contains([]string{"RUN", "COPY", "ADD"}, strings.ToUpper(words[0])) {
		return nil
	}
	var texts []heredoc
	for _, w := range words[1:] {
		if m := heredocWord.FindStringSubmatch(w); m != nil {
			texts = append(texts, heredoc{end: unquote(m[2]), tabs: m[1] != ""})
		}
	}
	return texts
}

func (h heredoc) ends(line string) bool {
	if h.tabs {
		line = strings.TrimLeft(line, "\t")
	}
	return line == h.end
}

func (d *File) add(line int, text string) error {
	keyword, rest := text, ""
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		keyword, rest = text[:i], strings.TrimSpace(text[i:])
	}
	keyword = strings.ToUpper(keyword)
	switch {
	case keyword == "FROM":
		var words []string
		for w := range strings.FieldsSeq(rest) {
			if !strings.HasPrefix(w, "--") { // --platform=
				words = append(words, w)
			}
		}
		stage := Stage{}
		switch {
		case len(words) == 1:
			stage.From = words[0]
		case len(words) == 3 && strings.EqualFold(words[1], "AS"):
			stage.From, stage.Name = words[0], strings.ToLower(words[2])
		default:
			return fmt.Errorf("%d: FROM needs an image, or an image AS a name", line)
		}
		d.Stages = append(d.Stages, stage)
	case len(d.Stages) > 0:
		s := &d.Stages[len(d.Stages)-1]
		s.Steps = append(s.Steps, Step{Line: line, Keyword: keyword, Text: rest})
	case keyword == "ARG":
		for _, p := range pairs(rest, in(nil)) {
			d.Args = append(d.Args, Arg{Name: p[0], Default: p[1]})
		}
	default:
		return fmt.Errorf("%d: %s before the first FROM", line, keyword)
	}
	return nil
}

// globals are the arguments before the first FROM with their defaults, unless
// args, or else Given, has another value.
func (d *File) globals(args map[string]string) map[string]string {
	values := map[string]string{}
	for _, a := range d.Args {
		values[a.Name] = expand(a.Default, in(values))
		if v, ok := d.argument(a.Name, args); ok {
			values[a.Name] = v
		}
	}
	return values
}

// argument is the value that an ARG is given from outside.
func (d *File) argument(name string, args map[string]string) (value string, ok bool) {
	if value, ok = args[name]; !ok {
		value, ok = d.args[name]
	}
	return value, ok
}

// Base is an image, not made by the Dockerfile itself, that one of its stages
// starts from.
type Base struct {
	Image string // such as debian:bookworm-slim
	Arg   string // the ARG that can put another in its place; empty: none can
}

// Bases lists the images that the Dockerfile starts from, each once for every
// ARG that names it.
func (d *File) Bases() []Base {
	values := d.globals(nil)
	stages := map[string]bool{"scratch": true}
	var bases []Base
	for _, s := range d.Stages {
		image := expand(s.From, in(values))
		if !stages[strings.ToLower(image)] {
			base := Base{Image: image}
			for _, a := range d.Args {
				if s.From == "$"+a.Name || s.From == "${"+a.Name+"}" {
					base.Arg = a.Name
				}
			}
			if !slices.Contains(bases, base) {
				bases = append(bases, base)
			}
		}
		if s.Name != "" {
			stages[s.Name] = true
		}
	}
	return bases
}

// The ARGs in which a Dockerfile names the Debian packages that a stage needs.
const (
	BuildPackages = "BUILD_PACKAGES"
	RunPackages   = "RUN_PACKAGES"
)

// Packages lists the Debian packages that the stages which start from image ask
// for in the ARGs of the given names; all stages, when image is empty.
func (d *File) Packages(image string, names ...string) []string {
	values := d.globals(nil)
	var packages []string
	for _, s := range d.Stages {
		if image != "" && image != expand(s.From, in(values)) {
			continue
		}
		for _, step := range s.Steps {
			if step.Keyword != "ARG" {
				continue
			}
			for _, p := range pairs(step.Text, in(values)) {
				if !slices.Contains(names, p[0]) {
					continue
				}
				list := p[1]
				if given, ok := d.argument(p[0], nil); ok {
					list = given
				}
				packages = append(packages, strings.Fields(list)...)
			}
		}
	}
	return packages
}

// Parents lists the names and images that stages start from.
func (d *File) Parents() []string {
	values := d.globals(nil)
	parents := make([]string, len(d.Stages))
	for i, s := range d.Stages {
		parents[i] = strings.ToLower(expand(s.From, in(values)))
	}
	return parents
}
