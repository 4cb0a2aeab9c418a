package load

import (
	"bytes"
	"math"
)

// head reads the status line and the headers of one answer.
func (r *reader) head() (status int, f framing, err error) {
	f.length = -1
	r.fields = r.fields[:0]
	var line []byte
	for len(line) == 0 { // some servers end a body with a line too many
		if line, err = r.line(); err != nil {
			return 0, f, err
		}
	}
	var ok bool
	if status, f.minor, ok = statusLine(line); !ok {
		return 0, f, r.bad("not a status line")
	}
	for {
		line, err := r.line()
		if err != nil {
			return 0, f, err
		}
		if len(line) == 0 {
			return status, f, nil
		}
		note, what := f.field(line)
		if what != "" {
			return 0, f, r.bad(what)
		}
		if note || r.want.fields {
			r.note(line)
		}
	}
}

// note keeps a header line.
func (r *reader) note(line []byte) {
	colon := bytes.IndexByte(line, ':')
	for _, c := range line[:colon] {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		r.fields = append(r.fields, c)
	}
	r.fields = append(r.fields, ':')
	r.fields = append(r.fields, bytes.Trim(line[colon+1:], " \t")...)
	r.fields = append(r.fields, '\n')
}

// each gives the fields that were kept of the last head, in order. A value is
// valid until the next answer.
func (r *reader) each(do func(name string, value []byte)) {
	for rest := r.fields; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		colon := bytes.IndexByte(rest[:end], ':')
		do(string(rest[:colon]), rest[colon+1:end])
		rest = rest[end+1:]
	}
}

// statusLine reads "HTTP/1.x 200 reason"; the reason may be missing.
func statusLine(line []byte) (status int, minor byte, ok bool) {
	const start = "HTTP/1."
	if len(line) < len(start)+5 || string(line[:len(start)]) != start {
		return 0, 0, false
	}
	minor = line[len(start)]
	rest := line[len(start)+1:]
	if minor < '0' || minor > '9' || rest[0] != ' ' || len(rest) > 4 && rest[4] != ' ' {
		return 0, 0, false
	}
	for _, c := range rest[1:4] {
		if c < '0' || c > '9' {
			return 0, 0, false
		}
		status = 10*status + int(c-'0')
	}
	if minor > '1' {
		minor = '1' // a later 1.x keeps to the rules of 1.1
	}
	return status, minor, status >= 100
}

// field takes from one header line what concerns the framing. note says that
// the client has to look at it later, wrong what is wrong with it, if anything.
func (f *framing) field(line []byte) (note bool, wrong string) {
	colon := bytes.IndexByte(line, ':')
	// A name with a blank in it is refused: not everybody reads it alike.
	if colon <= 0 || bytes.IndexByte(line[:colon], ' ') >= 0 || bytes.IndexByte(line[:colon], '\t') >= 0 {
		return false, "not a header line"
	}
	name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
	// The length tells nearly all names apart from the five that matter.
	switch len(name) {
	case len("location"):
		return equalFold(name, "location"), ""
	case len("connection"): // and of set-cookie
		if equalFold(name, "set-cookie") {
			return true, ""
		}
		if equalFold(name, "connection") {
			f.close = f.close || hasToken(value, "close")
			f.keep = f.keep || hasToken(value, "keep-alive")
		}
	case len("content-length"):
		if equalFold(name, "content-length") {
			f.missized = !f.sized(value) || f.missized
		}
	case len("transfer-encoding"):
		if equalFold(name, "transfer-encoding") {
			f.coded = true
			last := value[bytes.LastIndexByte(value, ',')+1:]
			f.chunked = equalFold(bytes.Trim(last, " \t"), "chunked")
		}
	}
	return false, ""
}

// sized takes a content-length, or a list of them: some servers and proxies
// send it several times over. They have to be equal.
func (f *framing) sized(value []byte) bool {
	for {
		comma := bytes.IndexByte(value, ',')
		one := value
		if comma >= 0 {
			one = value[:comma]
		}
		n, ok := decimal(bytes.Trim(one, " \t"))
		if !ok || f.length >= 0 && f.length != n {
			return false
		}
		f.length = n
		if comma < 0 {
			return true
		}
		value = value[comma+1:]
	}
}

// decimal reads a number without sign.
func decimal(b []byte) (int64, bool) {
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' || n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, len(b) > 0
}

// hasToken says whether a list like "keep-alive, TE" holds a word.
func hasToken(list []byte, word string) bool {
	for len(list) > 0 {
		item := list
		if i := bytes.IndexByte(list, ','); i >= 0 {
			item, list = list[:i], list[i+1:]
		} else {
			list = nil
		}
		if equalFold(bytes.Trim(item, " \t"), word) {
			return true
		}
	}
	return false
}

// equalFold compares without regard to the case of ASCII letters; lower is in
// lower case already.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
