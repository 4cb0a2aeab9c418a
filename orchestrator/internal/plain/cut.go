package plain

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// bytesPerColumn bounds what may stand in one column: a sign with its accents.
// The widest that people write, a family of emoji, takes 25 bytes for two.
const bytesPerColumn = 16

// Width counts the columns that a text takes on a terminal.
func Width(text string) int { return displaywidth.String(text) }

// Cut gives a text as one line of at most so many columns. Where something is
// left out, the end says so, and in a wide column how long the text was.
func Cut(text string, columns int) string { return cut(text, columns, "") }

func cut(text string, columns int, stay string) string {
	return cutOf(len(text), text, columns, stay)
}

// cutOf is cut for a text that is the beginning of one of that size in bytes.
func cutOf(size int, text string, columns int, stay string) string {
	columns = max(columns, 1)
	most := columns * bytesPerColumn
	whole := size == len(text)
	if len(text) > most {
		text, whole = text[:most], false
		// Half a rune at the end is not to show as stray bytes.
		for range utf8.UTFMax - 1 {
			if r, n := utf8.DecodeLastRuneInString(text); r != utf8.RuneError || n > 1 {
				break
			}
			text = text[:len(text)-1]
		}
	}
	text = escape(text, stay)
	if whole && len(text) <= most && (len(text) <= columns || Width(text) <= columns) {
		return text
	}
	end := mark(size, columns)
	width, bytes := columns-Width(end), most-len(end)
	kept := 0
	for g := displaywidth.StringGraphemes(text); g.Next(); {
		width -= g.Width()
		if kept+len(g.Value()) > bytes || width < 0 {
			break
		}
		kept += len(g.Value())
	}
	// A joiner with nothing to join is one of the signs that nobody sees.
	return strings.TrimRight(text[:kept], "\u200c\u200d") + end
}

// longestMark is as long as a mark gets.
const longestMark = "… (1234567890123 MB, cut)"

// mark says that a text of that size in bytes was cut.
func mark(size, columns int) string {
	switch {
	case columns < 2*len(longestMark):
		return "…"
	case size < 1000:
		return fmt.Sprintf("… (%d B, cut)", size)
	case size < 1e6:
		return fmt.Sprintf("… (%d kB, cut)", (size+500)/1000)
	}
	return fmt.Sprintf("… (%d MB, cut)", (size+5e5)/1e6)
}
