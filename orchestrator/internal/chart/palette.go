package chart

import (
	"fmt"
	"strings"
)

// token is a colour that the drawings name: on light and on dark ground.
type token struct{ name, light, dark string }

// tokens are all colours there are. Those of the variants differ in lightness as
// well as in hue, so that people who do not tell some hues apart see them as
// different, and stand out from the ground with 3 to 1 at least, as WCAG 2.2
// asks of graphics; text with 4.5 to 1 at least.
var tokens = []token{
	{"c-ink", "#1f2328", "#e6edf3"},
	{"c-quiet", "#59636e", "#9aa4af"},
	{"c-grid", "#e3e6ea", "#262c34"},
	{"c-axis", "#8c959f", "#6e7681"},
	{"c-shade", "#5b6b7d", "#9fb1c4"},
	{"c-bad", "#b3261e", "#ff8a80"},
	{"c-paper", "#ffffff", "#0d1117"},
	{"v0", "#17408c", "#5a94ff"},
	{"v1", "#e06c00", "#e08c35"},
	{"v2", "#06966c", "#2fe3a2"},
	{"v3", "#b02fb0", "#f0a2fa"},
	{"v4", "#6a4500", "#ece95c"},
	{"v5", "#4a7cf5", "#c4f2f0"},
	{"v6", "#e5133f", "#f0546a"},
	{"v7", "#857a90", "#988ea6"},
}

// Colours is the number of colours that variants have: those of the classes v0
// to v7. From there on they come again, with other dashes and marks.
const Colours = 8

// rules say which part of a drawing has which colour.
var rules = []struct{ selector, property, token string }{
	{".chart text", "fill", "c-ink"},
	{".chart .quiet", "fill", "c-quiet"},
	{".chart .bad", "fill", "c-bad"},
	{".chart .grid", "stroke", "c-grid"},
	{".chart .axis", "stroke", "c-axis"},
	{".chart .leader", "stroke", "c-axis"},
	{".chart .shade", "fill", "c-shade"},
	{".chart .paper", "fill", "c-paper"},
	{".chart .hollow", "fill", "c-paper"},
}

// shapes are the rules that colours have no part in.
const shapes = `.chart{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Helvetica,Arial,sans-serif;font-size:12px}` +
	`.chart text{font-variant-numeric:tabular-nums}` +
	`.chart .small{font-size:11px}` +
	`.chart .strong{font-weight:600}` +
	`.chart .answer{font-size:14px;font-weight:600}` +
	`.chart .head{font-size:13px;font-weight:600}` +
	`.chart .r{text-anchor:end}` +
	`.chart .m{text-anchor:middle}` +
	`.chart path,.chart line{fill:none;vector-effect:non-scaling-stroke}` +
	`.chart .band{fill:currentColor;fill-opacity:.17;stroke:none}` +
	`.chart .many .band{fill-opacity:.08}` +
	`.chart .line{stroke:currentColor;stroke-width:1.8;stroke-linejoin:round}` +
	`.chart .thread{stroke:currentColor;stroke-width:1;stroke-linejoin:round}` +
	`.chart .apart{stroke-dasharray:2 3;stroke-opacity:.8}` +
	`.chart .lane{stroke:currentColor;stroke-opacity:.75}` +
	`.chart .mark{fill:currentColor;stroke:currentColor;stroke-width:1.4}` +
	`.chart .interval{stroke:currentColor;stroke-width:9;stroke-opacity:.22}` +
	`.chart .tick{stroke:currentColor;stroke-width:2.4}` +
	`.chart .dot{fill:currentColor;fill-opacity:.6}` +
	`.chart .dots{stroke:currentColor;stroke-opacity:.6;stroke-linecap:round}` +
	`.chart .leader{stroke-width:1;stroke-dasharray:1 3}` +
	`.chart .base{stroke-width:1.2;stroke-dasharray:4 3}`

// inPage are the shapes of pictures that stand in pages alone.
const inPage = `.chart .front{stroke:var(--c-quiet);stroke-width:1.6;stroke-opacity:.8}` +
	`.chart .whisker{stroke:currentColor;stroke-width:1.2;stroke-opacity:.55}` +
	`.chart .ring{fill:none;stroke:currentColor;stroke-width:1.4}` +
	`.chart .point:not(.best)>.mark,.chart .point:not(.best)>.whisker{opacity:.5}`

// CSS gives the style of the pictures that Memory, Peaks, Trials and Trade draw: shapes,
// and colours as custom properties, which Light and Dark set: --v0 to --v7 for
// the variants, --c-ink and others beside them.
func CSS() string {
	var b strings.Builder
	b.WriteString(shapes + inPage)
	for _, rule := range rules {
		fmt.Fprintf(&b, "%s{%s:var(--%s)}", rule.selector, rule.property, rule.token)
	}
	for i := range Colours {
		fmt.Fprintf(&b, ".chart .v%d{color:var(--v%d)}", i, i)
	}
	return b.String()
}

// Light gives the custom properties for light ground, as declarations.
func Light() string { return declarations(func(t token) string { return t.light }) }

// Dark gives the custom properties for dark ground.
func Dark() string { return declarations(func(t token) string { return t.dark }) }

func declarations(of func(token) string) string {
	var b strings.Builder
	for _, t := range tokens {
		fmt.Fprintf(&b, "--%s:%s;", t.name, of(t))
	}
	return b.String()
}

// ownCSS is the style of a picture that stands alone: without custom
// properties, which programs that show pictures may not know.
func ownCSS() string {
	colours := func(of func(token) string) string {
		named := map[string]string{}
		var b, variants strings.Builder
		for _, t := range tokens {
			named[t.name] = of(t)
			if t.name[0] == 'v' {
				fmt.Fprintf(&variants, ".%s{color:%s}", t.name, of(t))
			}
		}
		for _, rule := range rules {
			fmt.Fprintf(&b, "%s{%s:%s}", rule.selector, rule.property, named[rule.token])
		}
		return b.String() + variants.String()
	}
	return shapes + colours(func(t token) string { return t.light }) +
		"@media(prefers-color-scheme:dark){" + colours(func(t token) string { return t.dark }) + "}"
}

// dashes are the patterns of lines, in pixels; none is a line without gaps.
var dashes = []string{"", "7 2", "2.5 2", "8 2 2 2", "12 3", "5 2 1.5 2 1.5 2", "4 3"}

// dash gives the pattern of the variant of that index as an attribute.
func dash(index int) string {
	if d := dashes[index%len(dashes)]; d != "" {
		return ` stroke-dasharray="` + d + `"`
	}
	return ""
}

// marks are the shapes of ends of lines, around 0, about 8 pixels wide; some
// are hollow.
var marks = []struct {
	path   string
	hollow bool
}{
	{"M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z", false},
	{"M-3.3-3.3h6.6v6.6h-6.6z", false},
	{"M0-4.2L4.2 3.2h-8.4z", false},
	{"M0-4.6L4.6 0 0 4.6-4.6 0z", false},
	{"M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z", true},
	{"M-3.3-3.3h6.6v6.6h-6.6z", true},
	{"M0 4.2L4.2-3.2h-8.4z", false},
	{"M0-4.6L4.6 0 0 4.6-4.6 0z", true},
	{"M0-4.2L4.2 3.2h-8.4z", true},
}

// class gives the class of the variant of that index.
func class(index int) string { return fmt.Sprintf("v%d", index%Colours) }

// mark draws the shape of the variant of that index at a place.
func (p *pen) mark(index int, x, y float64) {
	m := marks[index%len(marks)]
	hollow := ""
	if m.hollow {
		hollow = " hollow"
	}
	p.put(`<path class="mark%s" transform="translate(%s %s)" d="%s"/>`, hollow, num(x), num(y), m.path)
}
