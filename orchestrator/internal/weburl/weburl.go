// Package weburl reads URLs as browsers and drill do: what must not stand in a
// URL is escaped rather than refused, and hosts are brought into one form.
//
// A base may also be a Unix socket, written unix:/run/x.sock. What is asked for
// there stands behind another colon, unix:/run/x.sock:/widgets, or is given to
// URL.WithTarget. The path of a socket is taken as it is, without escapes.
//
// A URL that is clean already is read without allocating.
package weburl

import (
	"errors"
	"strings"
)

// URL is an absolute http or https URL, or a Unix socket with a target. Two
// URLs that mean the same are equal. A fragment is dropped.
type URL struct {
	Scheme   string // "http", "https" or "unix"; of a proxy also "socks5" or "socks5h"
	User     string // decoded; empty, as Password is: none
	Password string // decoded
	Host     string // lower case, punycode, an IPv6 address in brackets; of unix: the path of the socket
	Port     string // empty: the scheme's own
	Target   string // path and query, escaped; begins with a slash
}

// ErrScheme is the error of a URL that names a host, but is to be reached by
// another protocol than HTTP. drill fails such a request only when it is sent;
// every other error is of a URL that means nothing.
var ErrScheme = errors.New("is not http or https")

// WithTarget gives u with the path and query of text, escaped and with its dots
// resolved as Parse would. The error goes on after "the url X".
func (u URL) WithTarget(text string) (URL, error) {
	text, err := tidy(text)
	if err != nil {
		return URL{}, err
	}
	u.Target = target("/", text)
	return u, nil
}

// Join resolves a reference, such as a Location header, against u. User and
// password are kept unless the reference names a host. A reference from a
// socket to http://localhost stays on the socket, as that is what a server
// behind one takes for its address. The error goes on after "the url X" and is
// ErrScheme where the reference leads to another protocol.
func (u URL) Join(ref string) (URL, error) {
	ref, err := tidy(ref)
	if err != nil {
		return URL{}, err
	}
	if u.Scheme == "unix" {
		to, err := URL{Scheme: "http", Host: "localhost", Target: u.Target}.join(ref)
		if err == nil && to.Origin() == "http://localhost" {
			to = URL{Scheme: u.Scheme, Host: u.Host, Target: to.Target}
		}
		return to, err
	}
	return u.join(ref)
}

func (u URL) join(ref string) (URL, error) {
	scheme, rest, ok := cutScheme(ref)
	switch {
	case !ok || scheme == u.Scheme && slashes(rest) < 2: // "http:x" is relative, for history's sake
	case scheme == "http" || scheme == "https":
		return parseHTTP(scheme, rest)
	default:
		return URL{}, foreign(rest)
	}
	if slashes(rest) >= 2 {
		return parseHTTP(u.Scheme, rest)
	}
	path, _, _ := strings.Cut(u.Target, "?")
	switch {
	case rest == "" || rest[0] == '#':
	case rest[0] == '?':
		u.Target = path + target("/", rest)[1:]
	case slashes(rest) == 1:
		u.Target = target("/", rest)
	default:
		u.Target = target(path[:strings.LastIndexByte(path, '/')+1], rest)
	}
	return u, nil
}

// Origin gives scheme, host and port in their shortest form: what tells two
// servers apart.
func (u URL) Origin() string {
	switch {
	case u.Scheme == "unix":
		return "unix:" + u.Host
	case u.Port != "":
		return u.Scheme + "://" + u.Host + ":" + u.Port
	}
	return u.Scheme + "://" + u.Host
}

// String gives the whole URL but for user and password, which are nobody's
// business. Parse reads it back. A socket's looks like unix:/run/x.sock:/widgets.
func (u URL) String() string {
	if u.Scheme == "unix" {
		return u.Origin() + ":" + u.Target
	}
	return u.Origin() + u.Target
}

// Address gives what to dial: host:port, or the path of the socket.
func (u URL) Address() string {
	switch {
	case u.Scheme == "unix":
		return u.Host
	case u.Port != "":
		return u.Host + ":" + u.Port
	}
	return u.Host + ":" + ownPort(u.Scheme)
}

// HostHeader gives the value of the Host header: the host, and the port if it
// is not the scheme's own. That of a socket is localhost.
func (u URL) HostHeader() string {
	switch {
	case u.Scheme == "unix":
		return "localhost"
	case u.Port != "":
		return u.Host + ":" + u.Port
	}
	return u.Host
}
