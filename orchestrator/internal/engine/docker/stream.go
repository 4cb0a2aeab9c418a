package docker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/lines"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

var (
	stepLine = regexp.MustCompile(`^Step \d+/\d+ :`)
	ansi     = regexp.MustCompile(`\x1b\[[0-9;]*m`) // the classic builder paints what goes to stderr
)

// message is one JSON object of the stream that the daemon answers a build, a
// pull or an import with.
type message struct {
	Stream      string          `json:"stream"`
	Status      string          `json:"status"` // of a pull, of the layer ID if there is one
	ID          string          `json:"id"`
	Progress    string          `json:"progress"` // a bar, which comes many times
	Aux         json.RawMessage `json:"aux"`
	Error       string          `json:"error"`
	ErrorDetail *struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
}

// stream follows such a stream to its end. The status of the answer says
// nothing: a failed build is a 200 with an error somewhere in it.
type stream struct {
	line  func(string)   // called with each line as it comes; may be nil
	step  string         // the step that runs: "5/9 : RUN make"
	last  lines.Last     // of it
	parts lines.Splitter // of the log, which comes in pieces

	begun map[string]bool // BuildKit's steps so far, by name
}

func (s *stream) follow(r io.Reader) error {
	dec := json.NewDecoder(r)
	for {
		var m message
		switch err := dec.Decode(&m); {
		case errors.Is(err, io.EOF):
			s.text("\n")
			return nil
		case err != nil:
			return fmt.Errorf("read the engine's answer: %w", err)
		}
		switch {
		case m.ErrorDetail != nil && m.ErrorDetail.Message != "":
			s.text("\n")
			return explain(errors.New(m.ErrorDetail.Message))
		case m.Error != "":
			s.text("\n")
			return explain(errors.New(m.Error))
		}
		if m.ID == traceID {
			s.trace(m.Aux)
			continue
		}
		s.text(m.Stream)
		if m.Status != "" && m.Progress == "" {
			s.text(strings.TrimPrefix(m.ID+": "+m.Status+"\n", ": "))
		}
	}
}

// text takes a piece of the log.
func (s *stream) text(piece string) {
	for _, l := range s.parts.Add(piece) {
		l = strings.TrimRight(ansi.ReplaceAllString(l, ""), "\r ")
		if l == "" {
			continue
		}
		if stepLine.MatchString(l) {
			s.step, s.last = strings.TrimPrefix(l, "Step "), lines.Last{}
		} else {
			s.last.Add(l)
		}
		if s.line != nil {
			s.line(l)
		}
	}
}

// explain adds advice to the errors of a daemon that a person can act on.
func explain(err error) error {
	switch {
	case diskFull.in(err):
		return &hint.Error{
			Err:    fmt.Errorf("the engine's disk is full: %w", err),
			Advice: "make room where docker info has its Docker Root Dir: orchestrator clean removes what this project made, docker system df shows the rest",
		}
	case lockedOut.in(err):
		return &hint.Error{Err: err, Advice: "add yourself to the group that owns Docker's socket"}
	case away(err):
		return &hint.Error{Err: err, Advice: "the daemon stopped or restarted: see its log (journalctl -u docker), then try again"}
	}
	return err
}
