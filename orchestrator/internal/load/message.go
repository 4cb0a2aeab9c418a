package load

import (
	"strconv"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// joinLimit is the size up to which a body is copied behind its head, so that
// one plain write sends both. Larger bodies are sent from where they are.
const joinLimit = 64 << 10

// message is one request as it goes over the wire.
type message struct {
	parts [2][]byte // what goes out, in order; the second may be empty
	size  int       // of both, in bytes
	last  bool      // the connection cannot be used after it
}

// large says whether sending may block before the answer is read: a server
// that answers while it still reads could then wait for us as we wait for it.
// What was joined fits in the socket's buffer.
func (m *message) large() bool { return len(m.parts[1]) > 0 }

// call is one request that is about to be sent: what a redirect changes.
type call struct {
	message
	method string
	shown  string // the URL as it was put together, without user and password
	url    weburl.URL
	route  *route
	fields []Field // in lower case, all that go out but content-length
	body   []byte
}

// seal writes the message, its head into buf or a larger one, and gives that
// back to be used again.
func (c *call) seal(buf []byte) []byte {
	b := append(buf[:0], c.method...)
	b = append(b, ' ')
	if c.route.absolute() {
		b = append(b, c.url.Origin()...)
	}
	b = append(b, c.url.Target...)
	b = append(b, " HTTP/1.1\r\n"...)
	c.last = false
	sized := false
	for i := range c.fields {
		f := &c.fields[i]
		b = appendField(b, f.Name, f.Value)
		switch f.Name {
		case "connection":
			c.last = c.last || hasToken([]byte(f.Value), "close")
		case "content-length":
			// A plan may promise another length than the body has. What
			// comes after such a request cannot be told from the body.
			sized = true
			c.last = c.last || f.Value != strconv.Itoa(len(c.body))
		}
	}
	if proxy := c.route.proxy; c.route.absolute() && (proxy.url.User != "" || proxy.url.Password != "") {
		b = appendField(b, "proxy-authorization", basic(proxy.url.User, proxy.url.Password))
	}
	if len(c.body) > 0 && !sized {
		b = append(b, "content-length: "...)
		b = strconv.AppendInt(b, int64(len(c.body)), 10)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	c.parts = [2][]byte{b, c.body}
	c.size = len(b) + len(c.body)
	if len(c.body) <= joinLimit {
		b = append(b, c.body...)
		c.parts = [2][]byte{b, nil}
	}
	return b
}

func appendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, value...)
	return append(b, "\r\n"...)
}

// set puts a field in the place of the one with its name, or at the end.
func set(fields []Field, f Field) []Field {
	for i := range fields {
		if fields[i].Name == f.Name {
			fields[i] = f
			return fields
		}
	}
	return append(fields, f)
}

// without gives a copy of the fields that have none of the names.
func without(fields []Field, names ...string) []Field {
	var left []Field
next:
	for _, f := range fields {
		for _, name := range names {
			if f.Name == name {
				continue next
			}
		}
		left = append(left, f)
	}
	return left
}
