package plan

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

const bodyForms = `it must be text, "file: PATH" or "hex: DIGITS"`

// body reads the body of a request. As in drill, three methods must have one
// and the others go without.
func (l *loader) body(f *file, request *yaml.Node, method string, e entry) Body {
	if !slices.Contains(withBody, method) {
		if e.value != nil {
			l.warn(f, e.key, "a "+method+" request is sent without its body", "")
		}
		return Body{}
	}
	if body, ok := l.bodies[e.value]; ok && e.value != nil { // of a file that is included twice, or an alias
		l.flow.looksAt(f, f, e.value, body.Text)
		return body
	}
	body := l.newBody(f, request, method, e)
	l.bodies[e.value] = body
	return body
}

func (l *loader) newBody(f *file, request *yaml.Node, method string, e entry) Body {
	switch k := resolve(e.value); k {
	case kindString:
		if text := l.template(f, f, e.value, e.value.Value); !text.Static() {
			return Body{Text: text}
		}
		return Body{Bytes: []byte(e.value.Value)}
	case kindNull:
		at := request
		if e.value != nil {
			at = e.key
		}
		l.failAt(f, at, "a "+method+" request needs a body", `an empty one is body: ""`)
	case kindMap:
		return Body{Bytes: l.bodyForm(f, e)}
	case kindRefused:
	default:
		l.failAt(f, e.value, fmt.Sprintf("the body is %s: %s", k, bodyForms), asText(e.value))
	}
	return Body{}
}

// bodyForm reads a body that is given as the bytes of a file or as hexadecimal
// digits. With both the file counts.
func (l *loader) bodyForm(f *file, e entry) []byte {
	list := entries(e.value)
	file, digits := get(list, "file"), get(list, "hex")
	if file.value != nil || digits.value != nil {
		l.unknown(f, list, "a body", []string{"file", "hex"})
	}
	switch k := resolve(file.value); {
	case k == kindString:
		if digits.value != nil {
			l.warn(f, digits.key, `"hex" has no effect beside file`, "")
		}
		return l.bodyFile(f, file)
	case file.value != nil && digits.value == nil:
		l.failAt(f, file.key, fmt.Sprintf("the file of the body is %s: it must be a path", k), unquoted(file.value))
		return nil
	}
	switch k := resolve(digits.value); {
	case k == kindString, k == kindInt, k == kindFloat: // all of digits, it looks like a number
		return l.bodyHex(f, digits)
	case k == kindRefused:
	case digits.value != nil:
		l.failAt(f, digits.key, fmt.Sprintf("the hex of the body is %s: it must be digits", k), unquoted(digits.value))
	default:
		l.failAt(f, e.key, "the body is a mapping without file or hex: "+bodyForms, unquoted(e.value))
	}
	return nil
}

// bodyFile reads a body from a file: from the folder that the program is in, as
// drill does, or else from that of f, where the other files of a plan are.
func (l *loader) bodyFile(f *file, e entry) []byte {
	name := e.value.Value
	tried := name
	data, err := l.read(name)
	if near := filepath.Join(filepath.Dir(f.name), name); errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(name) && near != filepath.Clean(name) {
		tried += ", nor " + near
		if data, err = l.read(near); !errors.Is(err, fs.ErrNotExist) {
			tried = near
		}
	}
	if err != nil {
		l.failAt(f, e.value, fmt.Sprintf("cannot open the body %s: %v", tried, reason(err)), hint.Of(err))
		return nil
	}
	if data == nil {
		data = []byte{}
	}
	return data
}

// bodyHex reads a body from hexadecimal digits. Unlike drill it lets white
// space stand between them.
func (l *loader) bodyHex(f *file, e entry) []byte {
	text := e.value.Value
	digits := make([]byte, 0, len(text))
	for i, r := range text {
		switch {
		case unicode.IsSpace(r):
		case strings.ContainsRune("0123456789abcdefABCDEF", r):
			digits = append(digits, byte(r))
		default:
			hint := ""
			if vars.Find(text[i:]) != "" && strings.HasPrefix(text[i:], "{{") {
				hint = "only a body of text has variables filled in"
			}
			l.failAt(f, e.value, fmt.Sprintf("%q at byte %d of the body is not a hexadecimal digit", r, i), hint)
			return nil
		}
	}
	if len(digits)%2 != 0 {
		l.failAt(f, e.value, fmt.Sprintf("the body has %d hexadecimal digits, and a byte is two", len(digits)), "")
		return nil
	}
	data, err := hex.AppendDecode([]byte{}, digits)
	if err != nil {
		l.failAt(f, e.value, fmt.Sprintf("the body is not hexadecimal: %v", err), "")
	}
	return data
}
