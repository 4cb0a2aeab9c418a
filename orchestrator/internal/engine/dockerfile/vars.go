package dockerfile

import "strings"

// Vars is the state of a stage's variables at one of its steps.
type Vars struct {
	Args   map[string]string // ARG: known to the build alone
	Env    map[string]string // ENV: known to the build and to what runs from the image
	Labels map[string]string
}

func (v Vars) get(name string) (value string, set bool) {
	if value, set = v.Env[name]; set {
		return value, true
	}
	value, set = v.Args[name]
	return value, set
}

// lookup gives the value of a variable, and whether it is set.
type lookup func(name string) (value string, set bool)

// in looks variables up in a map, which may be nil.
func in(values map[string]string) lookup {
	return func(name string) (string, bool) {
		value, set := values[name]
		return value, set
	}
}

// Walk follows the stage with the given index from its first step on, the
// stages that it starts from before it, and calls visit, if there is one, with each step
// and the variables as they stand there. args are the values of --build-arg. It gives
// the variables as they stand at the end.
func (d *File) Walk(stage int, args map[string]string, visit func(Step, Vars)) Vars {
	globals := d.globals(args)
	s := d.Stages[stage]
	from := expand(s.From, in(globals))
	vars := Vars{Args: map[string]string{}, Env: map[string]string{}, Labels: map[string]string{}}
	for i := range stage {
		if d.Stages[i].Name == strings.ToLower(from) && from != "" {
			vars = d.Walk(i, args, nil)
			vars.Args = map[string]string{} // an ARG ends with its stage
		}
	}
	for _, step := range s.Steps {
		switch step.Keyword {
		case "ARG":
			for _, p := range pairs(step.Text, vars.get) {
				name, value := p[0], p[1]
				if g, ok := globals[name]; ok && !strings.Contains(step.Text, name+"=") {
					value = g
				}
				if a, ok := d.argument(name, args); ok {
					value = a
				}
				vars.Args[name] = value
			}
		case "ENV":
			set(vars.Env, step.Text, vars.get)
		case "LABEL":
			set(vars.Labels, step.Text, vars.get)
		}
		if visit != nil {
			visit(step, vars)
		}
	}
	return vars
}

// pairs reads NAME=value NAME="a value" NAME.
func pairs(text string, get lookup) [][2]string {
	words := split(text)
	list := make([][2]string, 0, len(words))
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		list = append(list, [2]string{unquote(name), expand(value, get)})
	}
	return list
}

// set puts the pairs of an ENV or LABEL into m; for these there is an old form
// as well, NAME and then one value to the end of the line.
func set(m map[string]string, text string, get lookup) {
	if name, value, ok := strings.Cut(text, " "); ok && !strings.Contains(name, "=") {
		m[name] = expand(strings.TrimSpace(value), get)
		return
	}
	for _, p := range pairs(text, get) {
		m[p[0]] = p[1]
	}
}

func unquote(s string) string { return expand(s, in(nil)) }

// split cuts text at white space outside quotes; quotes and backslashes stay.
func split(text string) []string {
	var words []string
	var word strings.Builder
	var quote byte
	escaped := false
	for i := range len(text) {
		r := text[i]
		switch {
		case escaped:
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == ' ' || r == '\t':
			if word.Len() > 0 {
				words = append(words, word.String())
				word.Reset()
			}
			continue
		}
		word.WriteByte(r)
	}
	if word.Len() > 0 {
		words = append(words, word.String())
	}
	return words
}

// expand takes quotes and backslashes off s as a Dockerfile means them and puts
// values in the place of $NAME, ${NAME}, ${NAME:-word}, ${NAME:+word}, and the
// same without the colon.
func expand(s string, get lookup) string {
	var b strings.Builder
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == '\'' && c != '\'':
			b.WriteByte(c)
		case c == '\\' && i+1 < len(s):
			if next := s[i+1]; quote == '"' && next != '"' && next != '$' && next != '\\' {
				b.WriteByte(c)
			}
			i++
			b.WriteByte(s[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == '$':
			value, used := variable(s[i:], get)
			b.WriteString(value)
			i += used - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// variable expands the variable that s begins with and says how many bytes of
// s it took. What this does not know, such as ${NAME#pattern}, stays as it is
// written: that shows, and nothing in its place would not.
func variable(s string, get lookup) (value string, used int) {
	if strings.HasPrefix(s, "${") {
		used = closing(s)
		if used == 0 {
			return s, len(s)
		}
		body := s[2 : used-1]
		name := body[:nameLength(body)]
		value, set := get(name)
		word, empty := strings.CutPrefix(body[len(name):], ":") // with it, an empty one counts as not set
		set = set && (value != "" || !empty)
		switch {
		case name == "":
		case name == body:
			return value, used
		case strings.HasPrefix(word, "-") && set:
			return value, used
		case strings.HasPrefix(word, "+") && !set:
			return "", used
		case strings.HasPrefix(word, "-"), strings.HasPrefix(word, "+"):
			return expand(word[1:], get), used
		}
		return s[:used], used
	}
	n := nameLength(s[1:])
	if n == 0 || '0' <= s[1] && s[1] <= '9' {
		return "$", 1
	}
	value, _ = get(s[1 : 1+n])
	return value, 1 + n
}

// nameLength is how many bytes of s are the name of a variable.
func nameLength(s string) int {
	return len(s) - len(strings.TrimLeft(s, "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
}

// mostNested bounds how deep variables may stand in each other's words, so that a
// hostile text costs no more than its length.
const mostNested = 20

// closing is the length of the ${...} that s begins with, others inside it
// included; 0: it has no end, or too many are in it.
func closing(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], "${"):
			if depth++; depth > mostNested {
				return 0
			}
			i++
		case s[i] == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}
