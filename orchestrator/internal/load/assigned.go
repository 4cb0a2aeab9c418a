package load

import (
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// assigned gives an answer as a variable holds it: status, headers with names
// in lower case, of which the last of a name counts, and the body if it is
// JSON, else null. The body is read as JSON when it is first looked at.
func assigned(status int, in *reader) map[string]any {
	headers := map[string]any{}
	in.each(func(name string, value []byte) { headers[name] = lossy(value) })
	contentType, _ := headers["content-type"].(string)
	body := in.body
	return map[string]any{
		"status":  int64(status),
		"headers": headers,
		"body": vars.NewLazy(func() any {
			value, err := vars.DecodeJSON([]byte(decode(body, contentType)))
			if err != nil {
				return nil
			}
			return value
		}),
	}
}

// decode makes text of a body: in the encoding that a byte order mark tells,
// else in the one that the content type names as the web does, else in UTF-8.
func decode(body []byte, contentType string) string {
	switch {
	case len(body) >= 3 && string(body[:3]) == "\xef\xbb\xbf":
		return lossy(body[3:])
	case len(body) >= 2 && string(body[:2]) == "\xff\xfe":
		return fromUTF16(body[2:], unicode.LittleEndian)
	case len(body) >= 2 && string(body[:2]) == "\xfe\xff":
		return fromUTF16(body[2:], unicode.BigEndian)
	}
	_, parameters, _ := mime.ParseMediaType(contentType)
	if named, err := htmlindex.Get(parameters["charset"]); err == nil && named != unicode.UTF8 {
		if text, err := named.NewDecoder().Bytes(body); err == nil {
			return string(text)
		}
	}
	return lossy(body)
}

func fromUTF16(body []byte, order unicode.Endianness) string {
	text, _ := unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Bytes(body) // what is wrong has been replaced
	return string(text)
}

// lossy makes text of bytes: what is not UTF-8 becomes a replacement character,
// one for each sequence that was begun and not finished.
func lossy(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var text strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = begun(b)
		}
		text.WriteRune(r)
		b = b[n:]
	}
	return text.String()
}

// begun is the length of the longest piece at the start of b, at least one
// byte, that some UTF-8 sequence begins with.
func begun(b []byte) int {
	n := 1
	for n < len(b) && n < utf8.UTFMax && !utf8.FullRune(b[:n]) && b[n]&0xc0 == 0x80 {
		n++
	}
	// The last byte may have made the sequence one that cannot be.
	if n > 1 && utf8.FullRune(b[:n]) {
		n--
	}
	return n
}
