package dockerfile

import "strings"

// Vars is the state of a stage's variables at one of its steps.
type Vars struct {
	Args   map[string]string // ARG: known to the build alone
	Env    map[string]string // ENV: known to the build and to what runs from the image
	Labels map[string]string
}

func (v Vars) get(name string) string {
	if e, ok := v.Env[name]; ok {
		return e
	}
	return v.Args[name]
}

// Walk follows the stage with the given index from its first step on, the
// stages that it starts from before it, and calls visit, if there is one, with each step
// and the variables as they stand there. args are the values of --build-arg. It gives
// the variables as they stand at the end.
func (d *File) Walk(stage int, args map[string]string, visit func(Step, Vars)) Vars {
	globals := d.globals(args)
	s := d.Stages[stage]
	from := expand(s.From, func(name string) string { return globals[name] })
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
				if a, ok := args[name]; ok {
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
func pairs(text string, lookup func(string) string) [][2]string {
	words := split(text)
	list := make([][2]string, 0, len(words))
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		list = append(list, [2]string{unquote(name), expand(value, lookup)})
	}
	return list
}

// set puts the pairs of an ENV or LABEL into m; for these there is an old form
// as well, NAME and then one value to the end of the line.
func set(m map[string]string, text string, lookup func(string) string) {
	if name, value, ok := strings.Cut(text, " "); ok && !strings.Contains(name, "=") {
		m[name] = expand(strings.TrimSpace(value), lookup)
		return
	}
	for _, p := range pairs(text, lookup) {
		m[p[0]] = p[1]
	}
}

func unquote(s string) string { return expand(s, func(string) string { return "" }) }

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
// values in the place of $NAME, ${NAME}, ${NAME:-word} and ${NAME:+word}.
func expand(s string, lookup func(string) string) string {
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
			value, used := variable(s[i:], lookup)
			b.WriteString(value)
			i += used - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// variable expands the variable that s begins with and says how many bytes of
// s it took.
func variable(s string, lookup func(string) string) (value string, used int) {
	if strings.HasPrefix(s, "${") {
		body, _, closed := strings.Cut(s[2:], "}")
		if !closed {
			return s, len(s)
		}
		used = len(body) + 3
		if name, word, ok := strings.Cut(body, ":-"); ok {
			if v := lookup(name); v != "" {
				return v, used
			}
			return expand(word, lookup), used
		}
		if name, word, ok := strings.Cut(body, ":+"); ok {
			if lookup(name) == "" {
				return "", used
			}
			return expand(word, lookup), used
		}
		return lookup(body), used
	}
	end := 1
	for end < len(s) && (s[end] == '_' || 'a' <= s[end] && s[end] <= 'z' || 'A' <= s[end] && s[end] <= 'Z' || end > 1 && '0' <= s[end] && s[end] <= '9') {
		end++
	}
	if end == 1 {
		return "$", 1
	}
	return lookup(s[1:end]), end
}
