package load

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// joinLimit is the size up to which a body is copied behind its head, once
// and before the start, so that one plain write sends both. Larger bodies are
// sent from where they are.
const joinLimit = 64 << 10

// header is a name and a value as the plan has them.
type header struct{ name, value string }

// request is an item of the plan, rendered. It does not change during a run
// and is shared by all workers.
type request struct {
	parts [2][]byte // what goes out, in order; the second may be empty
	size  int       // of both, in bytes
	head  bool      // method HEAD: the answer has no body
	last  bool      // the connection cannot be used after it
}

// large says whether sending may block before the answer is read: a server
// that answers while it still reads could then wait for us as we wait for it.
// What was joined fits in the socket's buffer.
func (r *request) large() bool { return len(r.parts[1]) > 0 }

// render makes the request that goes out for a method, an address (absolute
// URL or path), the plan's headers and a body. host is used where the address
// names none.
//
// Of headers with the same name the last one counts, and it replaces what
// would be sent by itself: host, user-agent, accept, with a body
// content-length, and authorization where the URL holds a user and password. A plan's transfer-encoding is left out, since the body goes
// out as it is.
func render(method, address, host string, headers []header, body []byte) (request, error) {
	if !isToken(method) {
		return request{}, fmt.Errorf("%q is not a method", method)
	}
	authority, target, err := splitURL(address)
	if err != nil {
		return request{}, err
	}
	user, urlHost := cutUser(authority)
	if urlHost != "" {
		host = urlHost
	}
	fields := []header{{"host", host}, {"user-agent", "drill"}, {"accept", "*/*"}}
	if len(body) > 0 {
		fields = append(fields, header{"content-length", strconv.Itoa(len(body))})
	}
	if user != "" {
		fields = append(fields, header{"authorization", basic(user)})
	}
	for _, h := range headers {
		name, value := strings.ToLower(h.name), strings.Trim(h.value, " \t")
		if !isToken(name) {
			return request{}, fmt.Errorf("%q is not a header name", h.name)
		}
		if !isValue(value) {
			// The value itself may be a secret, so it is not shown.
			return request{}, fmt.Errorf("header %s has a value with control characters", name)
		}
		if name != "transfer-encoding" {
			fields = set(fields, header{name, value})
		}
	}

	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	r := request{head: method == "HEAD"}
	for _, f := range fields {
		fmt.Fprintf(&b, "%s: %s\r\n", f.name, f.value)
		switch f.name {
		case "connection":
			r.last = r.last || hasToken([]byte(f.value), "close")
		case "content-length":
			// A plan may promise another length than the body has. What
			// comes after such a request cannot be told from the body.
			r.last = r.last || f.value != strconv.Itoa(len(body))
		}
	}
	b.WriteString("\r\n")
	if len(body) <= joinLimit {
		b.Write(body)
		body = nil
	}
	r.parts = [2][]byte{b.Bytes(), body}
	r.size = b.Len() + len(body)
	return r, nil
}

// set puts h in the place of the field with its name, or at the end.
func set(fields []header, h header) []header {
	for i := range fields {
		if fields[i].name == h.name {
			fields[i] = h
			return fields
		}
	}
	return append(fields, h)
}

// splitURL gives the [user@]host[:port] of an absolute http URL, empty for a
// mere path, and the path with its query as the request line wants it.
func splitURL(address string) (authority, target string, err error) {
	if scheme, rest, ok := strings.Cut(address, "://"); ok && !strings.Contains(scheme, "/") {
		if !strings.EqualFold(scheme, "http") {
			return "", "", fmt.Errorf("scheme %q is not http", scheme)
		}
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		authority, address = rest[:end], rest[end:]
		if _, host := cutUser(authority); host == "" || !isValue(host) {
			return "", "", errors.New("url has no valid host")
		}
		if address == "" || address[0] != '/' {
			address = "/" + address
		}
	}
	if address == "" || address[0] != '/' {
		return "", "", fmt.Errorf("url %.100q is neither a path nor an http url", address)
	}
	target, _, _ = strings.Cut(address, "#")
	return authority, escape(target), nil
}

// cutUser splits "user:password@host:port".
func cutUser(authority string) (user, host string) {
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		return authority[:i], authority[i+1:]
	}
	return "", authority
}

// basic gives the value of an authorization header for the percent-encoded
// "user:password" of a URL. Escapes that are none stay as they are.
func basic(user string) string {
	name, password, _ := strings.Cut(user, ":")
	decode := func(s string) string {
		if d, err := url.PathUnescape(s); err == nil {
			return d
		}
		return s
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(decode(name)+":"+decode(password)))
}

// escape writes what would break the request line as %XX.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ', c >= 0x7f, c == '"', c == '<', c == '>':
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// isToken says whether s can be a method or the name of a header.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// isValue says whether s can be the value of a header.
func isValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
