package variant

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Spec is a variant as people write it:
//
//	[NAME=]SOURCE[@SUITE][,VARIABLE=VALUE]...
//
// A piece behind a comma that does not begin with VARIABLE= belongs to the value
// before it: MALLOC_CONF=a:1,b:2 is one variable.
type Spec struct {
	Name     string // empty: it is made of the rest
	Source   string // a Dockerfile's, a packaged allocator's, or another variant's name
	Suite    string // empty: that of the source
	Settings []Setting

	text              string // as written
	sourceAt, suiteAt int    // where they begin in text, in bytes
}

// Setting is a variable of a Spec and its value.
type Setting struct {
	Variable, Value string

	at int // where it begins in the Spec's text, in bytes
}

// ParseSpec reads a variant as people write it. What it names need not exist. The
// error is a *Mistake.
func ParseSpec(text string) (Spec, error) {
	p := parser{spec: Spec{text: text}}
	if err := p.parse(); err != nil {
		return Spec{}, err
	}
	return p.spec, nil
}

// String writes the variant so that ParseSpec reads the same.
func (s Spec) String() string {
	text := s.plain()
	if s.Name != "" {
		text = s.Name + "=" + text
	}
	for _, set := range s.Settings {
		text += "," + set.Variable + "=" + set.Value
	}
	return text
}

// renamed writes the variant with a place for another name.
func (s Spec) renamed() string {
	s.Name = "NAME"
	return s.String()
}

// plain is the source, and the suite where one is given.
func (s Spec) plain() string {
	if s.Suite == "" {
		return s.Source
	}
	return s.Source + "@" + s.Suite
}

// bare says that the variant is a source and nothing else.
func (s Spec) bare() bool { return s.Name == "" && s.Suite == "" && len(s.Settings) == 0 }

var (
	variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*=`)
	// aVariable is a piece that is surely the name of a variable without a value.
	aVariable = regexp.MustCompile(`^[A-Z][A-Z0-9]*_[A-Z0-9_]+$`)
)

// mostText bounds the length of a variant, in bytes.
const mostText = 4 << 10

type parser struct{ spec Spec }

// wrong is a mistake in a part of the text.
func (p *parser) wrong(at, length int, problem, advice string) error {
	return &Mistake{Text: p.spec.text, At: at, Len: length, Problem: problem, Advice: advice}
}

func (p *parser) parse() error {
	text := p.spec.text
	if len(text) > mostText {
		return p.wrong(0, len(text), fmt.Sprintf("a variant of %d characters", len(text)), fmt.Sprintf("use at most %d", mostText))
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }); i >= 0 {
		return p.wrong(i, 1, fmt.Sprintf("%q has a character that no variant can have", text), "")
	}
	if strings.TrimSpace(text) == "" {
		return p.wrong(0, len(text), "a variant without a name", grammar)
	}
	head := text
	if before, _, ok := strings.Cut(text, ","); ok {
		head = before
	}
	if err := p.head(head); err != nil {
		return err
	}
	for at := len(head); at < len(text); {
		end := len(text)
		if comma := strings.IndexByte(text[at+1:], ','); comma >= 0 {
			end = at + 1 + comma
		}
		if err := p.piece(at+1, text[at+1:end]); err != nil {
			return err
		}
		at = end
	}
	for i := range p.spec.Settings {
		set := &p.spec.Settings[i]
		set.Value = strings.TrimSpace(set.Value)
		if set.Value == "" {
			return p.wrong(set.at, len(set.Variable)+1, set.Variable+" has no value", "leave it out, or write "+set.Variable+"=VALUE")
		}
	}
	return nil
}

// grammar is how a variant is written.
const grammar = "write [NAME=]SOURCE[@SUITE][,VARIABLE=VALUE]..., such as jemalloc@sid"

// head reads [NAME=]SOURCE[@SUITE].
func (p *parser) head(head string) error {
	s := &p.spec
	at := 0
	if name, rest, ok := strings.Cut(head, "="); ok {
		at = len(head) - len(rest)
		s.Name = strings.TrimSpace(name)
		start := strings.Index(name, s.Name)
		switch {
		case s.Name == "":
			return p.wrong(0, at, "there is no name before the =", grammar)
		case !goodSpecName.MatchString(s.Name) && variableName.MatchString(head):
			return p.wrong(start, len(s.Name), fmt.Sprintf("%q cannot name a variant", s.Name), "variables stand behind the variant: libc,"+head)
		case !goodSpecName.MatchString(s.Name):
			return p.wrong(start, len(s.Name), fmt.Sprintf("%q cannot name a variant", s.Name), nameAdvice)
		case len(s.Name) > longestName:
			return p.wrong(start, len(s.Name), fmt.Sprintf("the name has %d characters", len(s.Name)), longAdvice())
		}
	}
	source, suite, ok := strings.Cut(head[at:], "@")
	s.Source, s.Suite = strings.TrimSpace(source), strings.TrimSpace(suite)
	s.sourceAt = at + strings.Index(source, s.Source)
	s.suiteAt = at + len(source) + 1 + strings.Index(suite, s.Suite)
	switch {
	case s.Source == "":
		return p.wrong(at, max(1, len(source)), "there is no source of the variant", grammar)
	case strings.ContainsAny(s.Source, "="):
		return p.wrong(s.sourceAt, len(s.Source), fmt.Sprintf("%q names no variant", s.Source), grammar)
	case ok && s.Suite == "":
		return p.wrong(at+len(source), 1, "there is no suite behind the @", "suites are "+strings.Join(Suites(), ", "))
	case strings.ContainsAny(s.Suite, "=@"):
		return p.wrong(s.suiteAt, len(s.Suite), fmt.Sprintf("%q is no suite", s.Suite), "suites are "+strings.Join(Suites(), ", "))
	}
	return nil
}

// piece reads what stands between two commas and begins at a place.
func (p *parser) piece(at int, piece string) error {
	s := &p.spec
	trimmed := strings.TrimSpace(piece)
	start := at + len(piece) - len(strings.TrimLeftFunc(piece, unicode.IsSpace))
	if match := variableName.FindString(trimmed); match != "" {
		set := Setting{Variable: strings.TrimSuffix(match, "="), Value: strings.TrimLeftFunc(piece, unicode.IsSpace)[len(match):], at: start}
		if slices.ContainsFunc(s.Settings, func(other Setting) bool { return other.Variable == set.Variable }) {
			return p.wrong(start, len(set.Variable), set.Variable+" is set twice", "leave one of them out")
		}
		s.Settings = append(s.Settings, set)
		return nil
	}
	switch {
	case trimmed == "" && at+len(piece) == len(s.text):
		return p.wrong(at-1, 1, "there is nothing behind the comma", grammar)
	case aVariable.MatchString(trimmed):
		return p.wrong(start, len(trimmed), trimmed+" has no value", "write "+trimmed+"=VALUE")
	case len(s.Settings) > 0:
		s.Settings[len(s.Settings)-1].Value += "," + piece
		return nil
	}
	advice := "write ,VARIABLE=VALUE"
	if name, value, ok := strings.Cut(trimmed, "="); ok && variableName.MatchString(strings.ToUpper(name)+"=") {
		advice = fmt.Sprintf("a variable is in capitals: did you mean %q?", strings.ToUpper(name)+"="+value)
	}
	return p.wrong(start, len(trimmed), fmt.Sprintf("%q is no VARIABLE=VALUE", trimmed), advice)
}
