package weburl

import (
	"errors"
	"strconv"
)

// partError is a part of a URL that cannot be one.
type partError struct {
	part string // what it should be
	text string // as it stands in the URL; it may be a secret
	at   string // where that is
}

func (e *partError) Error() string {
	return e.problem() + " " + strconv.Quote(e.text) + e.at
}

func (e *partError) problem() string { return "is not a URL: invalid " + e.part }

// Unquoted gives the text of an error of this package without what it quotes of
// the URL, which may be a secret.
func Unquoted(err error) string {
	var part *partError
	if errors.As(err, &part) {
		return part.problem()
	}
	return err.Error()
}
