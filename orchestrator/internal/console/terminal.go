package console

import (
	"io"
	"unicode/utf8"

	"golang.org/x/term"
)

// terminal is what can be asked whether it is one.
type terminal interface{ Fd() uintptr }

// IsTerminal says whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(terminal)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width gives the columns of the terminal that w is, or 0 where it is none or
// does not tell.
func Width(w io.Writer) int {
	f, ok := w.(terminal)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Colour says whether to print in colours. The environment comes first, as with
// drill: CLICOLOR_FORCE turns them on whatever else there is, and NO_COLOR off.
// Otherwise a terminal has them unless CLICOLOR is 0.
func Colour(env map[string]string, terminal bool) bool {
	if force, ok := env["CLICOLOR_FORCE"]; ok && force != "0" {
		return true
	}
	if _, ok := env["NO_COLOR"]; ok {
		return false
	}
	return terminal && env["CLICOLOR"] != "0"
}

// cut shortens a text to a width in characters.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(0, width-1)]) + "…"
}
