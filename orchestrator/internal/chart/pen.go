package chart

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// pen writes a drawing.
type pen struct{ strings.Builder }

// put writes a piece; what people named in it is to be escaped.
func (p *pen) put(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// text writes a line of text with its base at a place.
func (p *pen) text(classes string, x, y float64, words string) {
	p.put(`<text class="%s" x="%s" y="%s">%s</text>`, classes, num(x), num(y), escape(words))
}

// titled writes a line of text that was cut, and the whole of it for whoever
// points at it.
func (p *pen) titled(classes string, x, y float64, words, whole string) {
	if words == whole {
		p.text(classes, x, y, words)
		return
	}
	p.put(`<text class="%s" x="%s" y="%s">%s<title>%s</title></text>`, classes, num(x), num(y), escape(words), escape(whole))
}

// escape makes any text fit for XML: what cannot be seen as package plain shows
// it, and what has a meaning there as references.
func escape(text string) string {
	var b strings.Builder
	// A Builder takes all there is.
	_ = xml.EscapeText(&b, []byte(plain.Whole(text)))
	return b.String()
}

// num writes a coordinate in pixels with one decimal at most.
func num(v float64) string { return tenths(tenth(v)) }

// tenth gives a coordinate in tenths of a pixel.
func tenth(v float64) int { return int(math.Round(v * 10)) }

// tenths writes a number of tenths: "12.3", "-.5", "7".
func tenths(n int) string {
	if n%10 == 0 {
		return strconv.Itoa(n / 10)
	}
	sign, n := "", n
	if n < 0 {
		sign, n = "-", -n
	}
	whole := ""
	if n >= 10 {
		whole = strconv.Itoa(n / 10)
	}
	return sign + whole + "." + strconv.Itoa(n%10)
}

// xy is a place in pixels.
type xy struct{ x, y float64 }

// polyline gives the data of a path through places. Each is given by its distance
// from the one before, in tenths of a pixel, so that no error adds up; of a level
// stretch only the ends are.
func polyline(places []xy) string {
	var b strings.Builder
	write := func(n int) {
		if n >= 0 {
			b.WriteByte(' ')
		}
		b.WriteString(tenths(n))
	}
	var x, y int
	lined := false
	for i, p := range places {
		nx, ny := tenth(p.x), tenth(p.y)
		switch {
		case i == 0:
			b.WriteString("M" + tenths(nx))
			write(ny)
			x, y = nx, ny
			continue
		case i+1 < len(places) && ny == y && tenth(places[i+1].y) == y && between(x, nx, tenth(places[i+1].x)):
			continue
		case i > 1 && nx == x && ny == y:
			continue
		}
		if lined {
			write(nx - x)
		} else {
			lined = true
			b.WriteString("l" + tenths(nx-x))
		}
		write(ny - y)
		x, y = nx, ny
	}
	return b.String()
}

// between says that b lies between a and c.
func between(a, b, c int) bool { return a <= b && b <= c || a >= b && b >= c }
