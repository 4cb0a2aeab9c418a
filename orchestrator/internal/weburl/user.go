package weburl

import "strings"

// WithoutUser cuts user and password out of the text of a URL, for people to
// see. The text need not be a URL that Parse takes, nor one at all: all that
// matters is that no password is left in it.
func WithoutUser(text string) string {
	start, end := user(text)
	return text[:start] + text[end:]
}

// HideUsers puts a star in place of each character of the users and passwords
// of the URLs that stand somewhere in a text. Its width stays the same.
func HideUsers(text string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "://")
		if i < 0 {
			break
		}
		start, end := user(text[i:])
		start, end = i+max(start, len("://")), i+max(end, len("://"))
		b.WriteString(text[:start])
		if start < end {
			for range text[start : end-1] {
				b.WriteByte('*')
			}
			b.WriteByte('@')
		}
		text = text[end:]
	}
	b.WriteString(text)
	return b.String()
}

// user finds the user and password of a URL, the @ behind them among it.
// Parsing passes over white space, and takes any number of slashes.
func user(text string) (start, end int) {
	colon := strings.IndexByte(text, ':')
	if colon < 0 || strings.ContainsAny(text[:colon], `/\?#`) {
		return 0, 0
	}
	switch strings.ToLower(text[:colon]) {
	case "unix", "mailto": // where @ means something else
		return 0, 0
	}
	for start = colon + 1; start < len(text) && strings.IndexByte("/\\ \t\r\n", text[start]) >= 0; start++ {
	}
	authority := text[start:]
	if i := strings.IndexAny(authority, `/\?#`); i >= 0 {
		authority = authority[:i]
	}
	return start, start + 1 + strings.LastIndexByte(authority, '@')
}
