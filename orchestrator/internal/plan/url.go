package plan

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// parseURL reads a URL as a browser's address bar would, which is drill's way:
// what must not stand in a URL is escaped rather than refused, dot segments are
// resolved, the fragment is dropped. The error goes on after "the url X".
func parseURL(text string) (*url.URL, error) {
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	text = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(text)
	text, _, _ = strings.Cut(text, "#")
	scheme, rest, ok := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	switch {
	case text == "":
		return nil, errors.New("is empty")
	case !ok:
		return nil, errors.New("is not absolute")
	case scheme != "http" && scheme != "https":
		return nil, errors.New("is not http or https")
	}
	before, query, hasQuery := strings.Cut(rest, "?")
	before = strings.TrimLeft(strings.ReplaceAll(before, `\`, "/"), "/")
	authority, path, _ := strings.Cut(before, "/")
	if host := authority[strings.LastIndexByte(authority, '@')+1:]; host == "" {
		return nil, errors.New("has no host")
	}
	for _, r := range authority {
		if r >= 0x80 {
			return nil, errors.New("has a host that is not ASCII, which is not supported yet")
		}
	}
	authority = strings.TrimSuffix(authority, map[string]string{"http": ":80", "https": ":443"}[scheme])
	s := scheme + "://" + authority + "/" + resolveDots(escape(path, "\"<>`{}"))
	if hasQuery {
		s += "?" + escape(query, `"<>'`)
	}
	u, err := url.Parse(s)
	if err != nil {
		var urlErr *url.Error
		if errors.As(err, &urlErr) {
			err = urlErr.Err
		}
		return nil, fmt.Errorf("is not a URL: %w", err)
	}
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

// escape writes blanks, control characters, what is not ASCII and the
// characters in set as %XX. Escapes that are there stay.
func escape(s, set string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(set, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// resolveDots takes . and .. out of a path without its leading slash.
func resolveDots(path string) string {
	var kept []string
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		case ".":
		default:
			kept = append(kept, segment)
			continue
		}
		if last {
			kept = append(kept, "") // the path ends with a slash
		}
	}
	return strings.Join(kept, "/")
}

// pathAndQuery is the part of an absolute URL that a request line holds.
func pathAndQuery(absolute string) string {
	_, rest, _ := strings.Cut(absolute, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return "/"
}
