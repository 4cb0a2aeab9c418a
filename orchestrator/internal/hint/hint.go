// Package hint is how an error tells people what they can do about it. Every
// room may import it: whoever finds an error out knows best what helps, and the
// commands alone print it.
package hint

import (
	"errors"
	"slices"
)

// Error is an error with advice for the person at the terminal.
type Error struct {
	Err    error
	Advice string // a phrase, such as "name another folder with --out"
	// Mistake says that the mistake is in what was asked for: a flag, a plan, a
	// file that was named. Nothing was started then.
	Mistake bool
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint gives the advice.
func (e *Error) Hint() string { return e.Advice }

// IsMistake says whether the mistake is in what was asked for.
func (e *Error) IsMistake() bool { return e.Mistake }

// With gives err advice.
func With(err error, advice string) error { return &Error{Err: err, Advice: advice} }

// Mistake is a mistake in what was asked for.
func Mistake(problem, advice string) error {
	return &Error{Err: errors.New(problem), Advice: advice, Mistake: true}
}

// Of finds the first advice in an error: that of anything with a method Hint.
// Empty means that there is none.
func Of(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// IsMistake says whether an error is a mistake in what was asked for, by its own
// word or that of any error in it: they say so with a method IsMistake.
func IsMistake(err error) bool {
	switch e := err.(type) {
	case nil:
		return false
	case interface{ IsMistake() bool }:
		if e.IsMistake() {
			return true
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return IsMistake(e.Unwrap())
	case interface{ Unwrap() []error }:
		if slices.ContainsFunc(e.Unwrap(), IsMistake) {
			return true
		}
	}
	return false
}
