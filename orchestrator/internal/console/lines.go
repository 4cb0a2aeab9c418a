package console

import (
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

var _ load.Observer = (*Printer)(nil)

// Lines gives p as what a run has to tell of its items, or nil where nothing of
// them is printed, so that the run need not tell.
func (p *Printer) Lines() load.Observer {
	if p.Quiet && !p.Verbose {
		return nil
	}
	return p
}

// Begin prints a request that is about to be sent, where all is to be seen.
func (p *Printer) Begin(e *load.Event) {
	if !p.Verbose {
		return
	}
	p.print(func(b []byte) []byte {
		b = p.text(b, boldGreen, ">>>")
		b = p.field(b, "URL:", addressed(e))
		b = append(p.field(append(b, ','), "METHOD:", e.Method), ',')
		b = appendHeaders(p.field(b, "HEADERS:", ""), e.Sent)
		return append(b, '\n')
	})
}

// addressed gives the URL as it is sent.
func addressed(e *load.Event) string {
	if e.Final != "" {
		return e.Final
	}
	return e.URL
}

// field writes a blank, a label, another blank and a value. With --verbose all is
// to be seen: a value is as long as it is.
func (p *Printer) field(b []byte, label, value string) []byte {
	b = p.text(append(b, ' '), bold, label)
	return append(append(b, ' '), plain.Whole(value)...)
}

// End prints the line of an item, and what answered a request where all is to be
// seen.
func (p *Printer) End(e *load.Event) {
	p.print(func(b []byte) []byte {
		_, isRequest := e.Item.(*plan.Request)
		switch {
		case isRequest && e.Status == 0 && e.Class != "":
			// drill tells of a failure also with --quiet where --verbose is
			// there too: nothing else would follow the request.
			b = append(b, "Error connecting '"...)
			b = append(b, plain.Line(e.URL)...)
			b = append(b, "': "...)
			return append(append(b, plain.Line(failure(e))...), '\n')
		case p.Quiet:
		case isRequest && e.Status == 0:
			// Not sent at all: drill prints nothing either, and the end of the
			// run says what broke its iterations.
		case isRequest:
			b = p.answered(b, e)
		default:
			b = p.item(b, e)
		}
		if isRequest && e.Status != 0 && p.Verbose {
			b = p.answer(b, e)
		}
		return b
	})
}

// failure says why there was no answer, the class in front, and behind it what
// may be done.
func failure(e *load.Event) string {
	if e.Err == nil {
		return e.Class
	}
	text := e.Err.Error()
	if !strings.HasPrefix(text, e.Class+":") {
		text = e.Class + ": " + text
	}
	if advice := hint.Of(e.Err); advice != "" {
		text += " (hint: " + advice + ")"
	}
	return text
}

// answered writes the line of a request that got an answer.
func (p *Printer) answered(b []byte, e *load.Event) []byte {
	b = p.name(b, e.Name)
	b = append(p.text(b, boldBlue, e.URL), ' ')
	b = append(p.text(b, statusColour(e.Status), statusText(e.Status)), ' ')
	return append(p.text(b, cyan, p.time(e.Took)), '\n')
}

// answer writes an answer whole.
func (p *Printer) answer(b []byte, e *load.Event) []byte {
	b = p.text(b, boldGreen, "<<<")
	b = append(p.field(b, "URL:", addressed(e)), ',')
	b = append(p.field(b, "STATUS:", statusText(e.Status)), ',')
	b = appendHeaders(p.field(b, "HEADERS:", ""), e.Answer)
	b = p.field(b, "DURATION:", strconv.FormatFloat(ms(e.Took), 'f', 4, 64))
	b = append(b, " ms,"...)
	if e.HasBody {
		b = appendDebug(p.field(b, "BODY:", ""), string(e.Body))
	}
	return append(b, '\n')
}

// item writes the line of an item that is no request.
func (p *Printer) item(b []byte, e *load.Event) []byte {
	b = p.name(b, e.Name)
	switch it := e.Item.(type) {
	case *plan.Assign:
		b = p.pair(b, it.Key, it.Value)
	case *plan.Assert:
		b = append(p.pair(b, it.Key, it.Value), '?')
	case *plan.Delay:
		b = p.text(b, boldCyan, strconv.FormatFloat(it.For.Seconds(), 'f', -1, 64))
		b = p.text(b, purple, "s")
	case *plan.Exec:
		b = p.text(b, boldCyan, it.Command.String())
	}
	return append(b, '\n')
}

func (p *Printer) pair(b []byte, key, value string) []byte {
	b = append(p.text(b, boldCyan, key), '=')
	return p.text(b, purple, value)
}
