package console

import (
	"net/http"
	"strconv"
)

// phrases are the reasons that drill gives another wording than Go, or that
// only one of the two knows.
var phrases = map[int]string{
	203: "Non Authoritative Information",
	413: "Payload Too Large",
	414: "URI Too Long",
	416: "Range Not Satisfiable",
}

// statusText is a status code with its registered phrase, whatever the server
// called it.
func statusText(code int) string {
	phrase, ok := phrases[code]
	if !ok {
		phrase = http.StatusText(code)
	}
	if phrase == "" {
		phrase = "<unknown status code>"
	}
	return strconv.Itoa(code) + " " + phrase
}

func statusColour(code int) colour {
	switch code / 100 {
	case 5:
		return red
	case 4:
		return purple
	}
	return yellow
}
