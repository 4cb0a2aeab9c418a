package plain

import (
	"regexp"
	"strings"
)

// signs take their meaning from what Markdown and HTML act on anywhere in a
// line. What acts at the start of a line alone, such as a list, needs no place
// here: Markdown gives text within a line.
var signs = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", `\|`, `\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "~", `\~`, "`", "\\`", "!", `\!`,
)

// linking finds the signs that make links, mentions, references and formulas out
// of what looks like mere words. No escape holds them on every site, for some
// look for them in the finished page; but none looks into code.
var linking = regexp.MustCompile(`[@$]+|:+//|#+|(?i:www)\.`)

// Markdown gives a text as words within a line of Markdown, also in a table: no
// markup, no tag, no link, no mention, no comment. Line ends and tabs become
// blanks; it has at most LineWidth columns before its escapes.
func Markdown(text string) string {
	text = signs.Replace(Cut(strings.Join(strings.Fields(text), " "), LineWidth))
	return linking.ReplaceAllStringFunc(text, func(found string) string {
		switch lead, slashes := strings.CutSuffix(found, "//"); {
		case slashes:
			return "`" + lead + "`//"
		case strings.HasSuffix(found, "."):
			return found[:3] + "`.`"
		}
		return "`" + found + "`"
	})
}

// Code gives a text as code within a line of Markdown, outside of tables; nothing
// for none. A backtick would end the code, and becomes an apostrophe.
func Code(text string) string {
	text = Cut(strings.Join(strings.Fields(text), " "), LineWidth)
	if text == "" {
		return ""
	}
	// A comment is none in code, but a program that looks for it does not know.
	return "`" + strings.NewReplacer("`", "'", "<!--", "<! --").Replace(text) + "`"
}
