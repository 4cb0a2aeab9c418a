package weburl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse reads an absolute URL. The error goes on after "the url X"; it is
// ErrScheme where a host of another protocol is meant.
func Parse(text string) (URL, error) {
	text, err := tidy(text)
	if err != nil {
		return URL{}, err
	}
	scheme, rest, ok := cutScheme(text)
	switch {
	case text == "":
		return URL{}, errors.New("is empty")
	case !ok:
		return URL{}, errors.New("is not absolute")
	case scheme == "http" || scheme == "https":
		return parseHTTP(scheme, rest)
	case scheme == "unix":
		return parseUnix(rest)
	}
	return URL{}, foreign(rest)
}

// ParseProxy reads the URL of a proxy, of the scheme http, https, socks5 or
// socks5h, or a mere host and port, which are of the first. The error goes on
// after "it".
func ParseProxy(text string) (URL, error) {
	text, err := tidy(text)
	if err != nil {
		return URL{}, err
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	scheme, rest, ok := cutScheme(text)
	switch {
	case !ok || !strings.HasPrefix(rest, "//"):
		return URL{}, errors.New("is not a URL")
	case scheme == "http" || scheme == "https" || scheme == "socks5" || scheme == "socks5h":
		return parseHTTP(scheme, rest)
	}
	return URL{}, fmt.Errorf("begins with %s://, and only http, https, socks5 and socks5h are supported", scheme)
}

// tidy takes away what may stand around and inside a URL without meaning
// anything: it is often copied from wrapped text.
func tidy(text string) (string, error) {
	if isPlain(text) {
		return text, nil
	}
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	if strings.ContainsAny(text, "\t\n\r") {
		text = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(text)
	}
	if !utf8.ValidString(text) {
		return "", errors.New("is not UTF-8")
	}
	return text, nil
}

// isPlain says that text is visible ASCII all through, as most URLs are.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// cutScheme splits text at the colon behind a scheme, which it gives in lower
// case.
func cutScheme(text string) (scheme, rest string, ok bool) {
	for i := range len(text) {
		switch c := text[i] | 0x20; { // 0x20 makes letters lower case and changes none of the rest
		case c >= 'a' && c <= 'z':
		case i > 0 && text[i] == ':':
			return strings.ToLower(text[:i]), text[i+1:], true
		case i > 0 && (c >= '0' && c <= '9' && text[i] == c || text[i] == '+' || text[i] == '-' || text[i] == '.'):
		default:
			return "", text, false
		}
	}
	return "", text, false
}

// slashes counts those that text begins with, of either kind.
func slashes(text string) int {
	n := 0
	for n < len(text) && (text[n] == '/' || text[n] == '\\') {
		n++
	}
	return n
}

// foreign is the error of a URL of another scheme.
func foreign(rest string) error {
	if host, ok := strings.CutPrefix(rest, "//"); ok && host != "" && strings.IndexByte("/?#", host[0]) < 0 {
		return ErrScheme
	}
	return errors.New("is not http or https")
}

// parseHTTP reads what follows the colon of the scheme. However many slashes
// there are, the host comes after them.
func parseHTTP(scheme, rest string) (URL, error) {
	rest = rest[slashes(rest):]
	end := strings.IndexAny(rest, `/\?#`)
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	u := URL{Scheme: scheme}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		u.User, u.Password = credentials(authority[:at])
		authority = authority[at+1:]
	}
	bracket := strings.LastIndexByte(authority, ']') + 1 // the colons of an IPv6 address end there
	name, digits, _ := strings.Cut(authority[bracket:], ":")
	name = authority[:bracket+len(name)]
	if name == "" {
		return URL{}, errors.New("has no host")
	}
	var err error
	if u.Host, err = host(name); err != nil {
		return URL{}, err
	}
	if u.Port, err = port(scheme, digits); err != nil {
		return URL{}, err
	}
	u.Target = target("/", rest)
	return u, nil
}

// parseUnix reads /path, //path, ///path, each alone or with a colon and a
// target behind it.
func parseUnix(rest string) (URL, error) {
	socket, after := rest, ""
	if i := strings.Index(rest, ":/"); i >= 0 {
		socket, after = rest[:i], rest[i+1:]
	}
	socket = strings.TrimSuffix(socket, ":")
	bare := strings.TrimLeft(socket, "/")
	if bare == "" || bare == socket {
		return URL{}, errors.New("has no path of a socket, as unix:/run/x.sock has")
	}
	return URL{Scheme: "unix", Host: "/" + bare, Target: target("/", after)}, nil
}

// credentials splits and decodes user:password. drill sends none where the user
// is not UTF-8, and an empty password for one that is not.
func credentials(text string) (user, password string) {
	user, password, _ = strings.Cut(text, ":")
	user, password = decode(user), decode(password)
	switch {
	case !utf8.ValidString(user):
		return "", ""
	case !utf8.ValidString(password):
		return user, ""
	}
	return user, password
}

// port gives the port without leading zeros, or "" for the scheme's own.
func port(scheme, digits string) (string, error) {
	if digits == "" {
		return "", nil
	}
	if _, err := strconv.ParseUint(digits, 10, 16); err != nil {
		return "", &partError{"port", ":" + digits, " after host"}
	}
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	if digits == ownPort(scheme) {
		return "", nil
	}
	return digits, nil
}

func ownPort(scheme string) string {
	switch scheme {
	case "https":
		return "443"
	case "socks5", "socks5h":
		return "1080"
	}
	return "80"
}
