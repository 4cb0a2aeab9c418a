package page

import (
	"html/template"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/chart"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// pictures are one picture, drawn for a wide and for a narrow screen: the style
// shows one of them. A picture that was merely scaled could not be read on a phone.
type pictures struct{ Wide, Narrow template.HTML }

// Widths of the pictures, in pixels.
const (
	wideMemory, widePeaks, wideTrade = 740, 460, 900
	narrow                           = 360
)

// narrowSteps are the steps of a line on a narrow screen.
const narrowSteps = 160

// memoryPictures draws memory over time, with room for all curves of the script:
// a trial that is picked out may be higher or longer than those that count.
func memoryPictures(r *report.Report, all *report.Curves) pictures {
	return draw(wideMemory, "memory", func(o chart.Options) string {
		o.Length, o.Top = all.Length, all.Top
		o.Steps = lineStepsFor(len(r.Rows)) // as the script has them
		if o.Width == narrow {
			o.Steps = narrowSteps
		}
		return chart.Memory(r, o)
	})
}

func peakPictures(r *report.Report) pictures {
	return draw(widePeaks, "peaks", func(o chart.Options) string { return chart.Peaks(r, o) })
}

func tradePictures(r *report.Report) pictures {
	return draw(wideTrade, "trade", func(o chart.Options) string { return chart.Trade(r, o) })
}

// draw draws both; the chart room escapes what people named.
func draw(wide int, id string, picture func(chart.Options) string) pictures {
	return pictures{
		template.HTML(picture(chart.Options{Width: wide, ID: id, Class: "wide"})),
		template.HTML(picture(chart.Options{Width: narrow, ID: id + "-narrow", Class: "narrow"})),
	}
}

// palette gives the colours of the pictures, which the page's style uses as well:
// for light and for dark ground, and for paper, which is light.
func palette() string {
	return chart.CSS() + ":root{" + chart.Light() + "}@media screen and (prefers-color-scheme:dark){:root{" + chart.Dark() + "}}"
}

// key draws the mark of a variant.
func key(index int) template.HTML { return template.HTML(chart.Key(index)) }
