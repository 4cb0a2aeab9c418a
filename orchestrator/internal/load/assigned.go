package load

import (
	"encoding/binary"
	"mime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

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
// else in the one that the content type names, else in UTF-8.
func decode(body []byte, contentType string) string {
	switch {
	case len(body) >= 3 && string(body[:3]) == "\xef\xbb\xbf":
		return lossy(body[3:])
	case len(body) >= 2 && string(body[:2]) == "\xff\xfe":
		return fromUTF16(body[2:], binary.LittleEndian)
	case len(body) >= 2 && string(body[:2]) == "\xfe\xff":
		return fromUTF16(body[2:], binary.BigEndian)
	}
	_, parameters, _ := mime.ParseMediaType(contentType)
	switch strings.ToLower(strings.TrimSpace(parameters["charset"])) {
	case "utf-16", "utf-16le", "utf16", "ucs-2", "unicode":
		return fromUTF16(body, binary.LittleEndian)
	case "utf-16be":
		return fromUTF16(body, binary.BigEndian)
	case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "l1", "us-ascii", "ascii", "windows-1252", "cp1252":
		return fromLatin(body)
	}
	return lossy(body)
}

func fromUTF16(body []byte, order binary.ByteOrder) string {
	units := make([]uint16, 0, len(body)/2+1)
	for ; len(body) >= 2; body = body[2:] {
		units = append(units, order.Uint16(body))
	}
	if len(body) > 0 {
		units = append(units, utf8.RuneError)
	}
	return string(utf16.Decode(units))
}

// latin is what bytes from 0x80 to 0x9f mean where Latin-1 has nothing to show:
// on the web its name stands for Windows' extension of it.
const latin = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

func fromLatin(body []byte) string {
	extension := []rune(latin)
	var b strings.Builder
	b.Grow(len(body))
	for _, c := range body {
		if c >= 0x80 && c < 0xa0 {
			b.WriteRune(extension[c-0x80])
			continue
		}
		b.WriteRune(rune(c))
	}
	return b.String()
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
