package web

import (
	"bytes"
	_ "embed" // the template and what goes into it
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/chart"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/watch"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

var (
	//go:embed now.html
	nowLayout string
	//go:embed live.css
	ownStyle string
	//go:embed live.js
	liveScript template.JS

	nowTemplate = template.Must(template.New("now").Parse(nowLayout))
)

// liveStyle is the style of what a page has only while it lives.
func liveStyle() template.CSS { return template.CSS(ownStyle) }

// picture is what happens now. What stands where is in the fields that the layout
// takes; what changes all the time is in Values, which the layout and the script
// put in the same places.
type picture struct {
	Site    string            `json:"site"`    // another one: all that is shown is of another run
	Frame   string            `json:"frame"`   // another one: what stands where has changed
	Figures int               `json:"figures"` // how often those of the report have changed
	Values  map[string]string `json:"values"`

	Stage    string   `json:"-"` // images, rounds, saving or failed
	Images   []string `json:"-"` // names
	Variants []lane   `json:"-"`
	NoScript bool     `json:"-"` // the whole page is asked for, and has to say so again
}

// lane is the place of a variant.
type lane struct {
	Index int
	Key   template.HTML // its mark
	Class string        // its colour
	Dash  string        // the pattern of its line
	Name  string
}

// html lays the picture out; whole says that it is part of a whole page.
func (p picture) html(whole bool) ([]byte, error) {
	p.NoScript = whole
	var b bytes.Buffer
	err := nowTemplate.Execute(&b, p)
	return b.Bytes(), err
}

// V gives a value, for the layout.
func (p picture) V(parts ...any) string { return p.Values[fmt.Sprint(parts...)] }

// set sets a value: text of others may be in it.
func (p picture) set(key, text string) { p.Values[key] = plain.Line(text) }

// picture gives how things stand at a time; figures -1 are those there are.
func (s *state) picture(now time.Time, figures int) picture {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := picture{Site: s.id, Figures: figures, Values: map[string]string{}}
	if figures < 0 {
		p.Figures = s.figures
	}
	p.Values["log"] = plain.Text(s.log.text())
	head := s.run.Header()
	if head != nil {
		for i, v := range head.Design.Variants {
			p.Variants = append(p.Variants, lane{
				Index: i, Name: plain.Name(v.Name),
				Key: template.HTML(chart.Key(i)), Class: "v" + strconv.Itoa(i%chart.Colours), Dash: chart.Dash(i),
			})
		}
	}
	switch {
	case s.failed != "":
		p.Stage = "failed"
		p.set("head", "The run has ended without a result")
		p.set("note", s.failed)
	case s.reading != "":
		p.Stage = "reading"
		p.set("head", "Reading what "+s.reading+" has so far")
	case s.saving:
		p.Stage = "saving"
		p.set("head", "The run is over: its result is being saved")
	case head == nil || s.run.Round().Number == 0:
		p.Stage = "images"
		s.images(&p, now)
	default:
		p.Stage = "rounds"
		s.rounds(&p, now)
	}
	var frame strings.Builder
	frame.WriteString(p.Stage)
	for _, v := range p.Variants {
		frame.WriteString("\n" + v.Name)
	}
	for _, name := range p.Images {
		frame.WriteString("\n" + name)
	}
	p.Frame = frame.String()
	return p
}

// images shows what happens before the first round.
func (s *state) images(p *picture, now time.Time) {
	all := s.run.Images()
	switch {
	case s.run.Header() != nil:
		p.set("head", "Starting the first round")
	case s.run.Engine() == "" && len(all) == 0:
		p.set("head", "Waiting for the engine")
	default:
		p.set("head", "Making the images")
	}
	p.set("note", s.run.Engine())
	for i, image := range all {
		p.Images = append(p.Images, plain.Name(image.Variant))
		key := strconv.Itoa(i)
		state, mark := "", ""
		switch image.Kind {
		case store.StepBuilding:
			state, mark = "building · "+clock(now.Sub(image.Since)), "busy"
			p.set("head", "Building image "+image.Variant)
		case store.StepBuilt:
			state, mark = "built in "+clock(image.Took), "done"
		case store.StepReused:
			state, mark = "reused: nothing changed", "done"
		}
		p.set("image"+key+".state", state)
		p.set("image"+key+".mark", mark)
		line := ""
		if mark == "busy" {
			line = plain.Log(image.Line)
		}
		p.set("image"+key+".line", line)
	}
}

// rounds shows the round that is under way.
func (s *state) rounds(p *picture, now time.Time) {
	head, round := s.run.Header(), s.run.Round()
	d := head.Design
	text := fmt.Sprintf("Round %d of %d", round.Number, max(d.Rounds, round.Number))
	if round.Groups > 0 {
		text = fmt.Sprintf("Round %d of %d, group %d of %d", round.Turn, max(d.Rounds, round.Turn), round.Group, round.Groups)
	} else if d.Rounds == 1 && round.Number == 1 {
		text = "Measuring"
	}
	if round.Repeats > 0 && round.Groups > 0 {
		text += ", once more"
	} else if round.Repeats > 0 {
		text += fmt.Sprintf(", in place of round %d", round.Repeats)
	}
	p.set("head", text)
	whole := s.run.Whole(now)
	p.set("whole.share", strconv.FormatFloat(whole.Share(), 'f', 4, 64))
	p.set("whole.passed", clock(whole.Passed)+" passed")
	p.set("whole.left", leftText(whole.Left, whole.AtLeast))
	standings := map[string]watch.Standing{}
	for _, one := range s.run.Standings(now) {
		standings[one.Of.Variant] = one
	}
	tails := map[string]watch.Standing{}
	for _, one := range s.run.Tails(now) {
		tails[one.Of.Variant] = one
	}
	var curves []*watch.Curve
	var longest time.Duration
	for i, v := range d.Variants {
		one, begun := standings[v.Name]
		one.Batches = d.Batches
		p.lane(i, one, begun, d)
		if tail, idles := tails[v.Name]; idles {
			p.set(strconv.Itoa(i)+".tail", fmt.Sprintf("round %d still idles", tail.Of.Round))
		}
		curve := s.run.Curve(store.Of{Variant: v.Name, Round: round.Number})
		curves = append(curves, curve)
		if begun && one.Left > 0 && curve != nil {
			longest = max(longest, curve.Length()+one.Left)
		}
	}
	p.draw(curves, longest)
}

// lane shows how a variant stands.
func (p *picture) lane(index int, s watch.Standing, begun bool, d bench.Design) {
	key := strconv.Itoa(index)
	phase, passed := phaseText(s, begun, d), ""
	if begun && !s.Ended && s.Phase != "" {
		passed = clock(s.Passed)
	}
	p.set(key+".phase", phase)
	p.set(key+".passed", passed)
	requests, share := "", ""
	switch {
	case s.Batch == 0 || s.Total == 0:
	case s.Told:
		requests = words.Count(s.Done) + " / " + words.Count(s.Total)
		share = strconv.FormatFloat(min(1, float64(s.Done)/float64(s.Total)), 'f', 4, 64)
	default:
		requests = words.Plural(s.Total, "request", "requests")
	}
	p.set(key+".requests", requests)
	p.set(key+".share", share)
	failed, left, memory := "", "", ""
	if begun {
		failed = words.Count(s.Failed) + " failed"
	}
	if s.Left > 0 {
		left = leftText(s.Left, false)
	}
	if s.Memory > 0 {
		digits := 0
		if s.Memory < 10*bench.MiB {
			digits = 1
		}
		memory = strconv.FormatFloat(s.Memory.MiB(), 'f', digits, 64) + " MiB"
	}
	p.set(key+".failed", failed)
	p.set(key+".bad", strconv.FormatBool(s.Failed > 0 || s.Error != ""))
	p.set(key+".left", left)
	p.set(key+".memory", memory)
	p.set(key+".tail", s.Error)
}

// phaseText says in which phase a variant is.
func phaseText(s watch.Standing, begun bool, d bench.Design) string {
	switch {
	case !begun && d.Mode == bench.Apart:
		return "waits for its turn"
	case !begun:
		return "starts"
	case s.Ended && s.Error != "":
		return "ended early"
	case s.Ended:
		return "done"
	}
	switch s.Phase {
	case bench.PhaseWarmup:
		return "warm-up"
	case bench.PhaseBatch:
		return fmt.Sprintf("batch %d of %d", s.Batch, s.Batches)
	case bench.PhasePause:
		return fmt.Sprintf("pause after batch %d of %d", s.Batch, s.Batches)
	case bench.PhaseIdle:
		return "final idle"
	}
	return "started"
}

// leftText says how much time is left.
func leftText(left time.Duration, atLeast bool) string {
	switch {
	case left <= 0:
		return ""
	case atLeast:
		return "at least " + clock(left) + " left"
	}
	return "about " + clock(left) + " left"
}

// clock writes a time as clocks do: 0:07, 12:30, 1:02:03.
func clock(d time.Duration) string {
	s := int(max(d, 0).Round(time.Second).Seconds())
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// mostBeside is how many variants have room beside the curves.
const mostBeside = 4

// Many says that there is no room for the variants beside the curves.
func (p picture) Many() bool { return len(p.Variants) > mostBeside }

// Xs numbers the texts of the time axis.
func (picture) Xs() int { return partsX + 1 }

// Ys numbers the texts of the memory axis, the highest first.
func (picture) Ys() []int {
	var all []int
	for i := partsY; i >= 0; i-- {
		all = append(all, i)
	}
	return all
}
