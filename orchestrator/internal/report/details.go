package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Keys of the columns of Heap, Cost and Readings, beside those of Table.
const (
	ColAtPeak   = "overhead at the peak"
	ColGoShare  = "Go's share"
	ColEnd      = "end RSS"
	ColReturned = "returned"
	ColFloor    = "idle floor"
	ColWait     = "waited for a CPU"
	ColP90      = "p90"
	ColP999     = "p99.9"
	ColMax      = "longest"
	ColRequests = "requests"
	ColTaken    = "taken"
	ColMissed   = "missed"
	ColWalk     = "off a page walk"
	ColBound    = "high-water mark within"
	ColSwap     = "swapped out"
)

// percentScale fits shares.
func percentScale([]float64) Scale { return Scale{"%", 0.01, 0} }

// Heap lays out what the C heap holds, what that takes, and what is given back.
// The notes of its cells are those of Table, which numbers them.
func (r *Report) Heap() *Table {
	return tableOf([]Column{
		r.variantColumn(),
		r.figureColumn(ColLive, MemoryScale, func(row *Row) stat.Estimate { return row.Live }),
		r.figureColumn(ColOverhead, timesScale, func(row *Row) stat.Estimate { return row.Overhead }),
		r.figureColumn(ColAtPeak, timesScale, func(row *Row) stat.Estimate { return row.OverheadAtPeak }),
		r.figureColumn(ColGoShare, MemoryScale, func(row *Row) stat.Estimate { return row.GoShare }),
		r.figureColumn(ColEnd, MemoryScale, func(row *Row) stat.Estimate { return row.End }),
		r.figureColumn(ColReturned, percentScale, func(row *Row) stat.Estimate { return row.Returned }),
		r.figureColumn(ColFloor, MemoryScale, func(row *Row) stat.Estimate { return row.IdleFloor }),
	})
}

// Cost lays out what the variants took of the machine and of the clients' time.
func (r *Report) Cost() *Table {
	cpu := r.figureColumn(ColCPU, TimeScale, func(row *Row) stat.Estimate { return times(row.CPU, 1e9) })
	for i, row := range r.Rows {
		if !row.Baseline && row.CPU.N > 0 && row.CPURatio.N > 0 {
			cpu.Cells[i].Change = changeOf(row.CPURatio)
			if row.CPURatio.Verdict() != stat.NotShown {
				cpu.Cells[i].Ratio = row.CPURatio.Center
			}
		}
	}
	requests := Column{Key: ColRequests}
	for _, row := range r.Rows {
		requests.Cells = append(requests.Cells, Cell{Value: words.Count(row.Requests), Ratio: 1})
	}
	return tableOf([]Column{
		r.variantColumn(), cpu,
		r.figureColumn(ColWait, percentScale, func(row *Row) stat.Estimate { return row.WaitShare }),
		r.figureColumn(ColP50, TimeScale, func(row *Row) stat.Estimate { return row.P50 }),
		r.figureColumn(ColP90, TimeScale, func(row *Row) stat.Estimate { return row.P90 }),
		r.figureColumn(ColP99, TimeScale, func(row *Row) stat.Estimate { return row.P99 }),
		r.figureColumn(ColP999, TimeScale, func(row *Row) stat.Estimate { return row.P999 }),
		r.figureColumn(ColMax, TimeScale, func(row *Row) stat.Estimate { return row.Max }),
		requests, r.failedColumn(),
	})
}

// Readings lays out how well the memory of each variant was read.
func (r *Report) Readings() *Table {
	measured := make([]instruments, len(r.Rows))
	for i, row := range r.Rows {
		measured[i] = measure(row.all)
	}
	column := func(key string, of func(instruments) string) Column {
		c := Column{Key: key}
		for i, row := range r.Rows {
			text := None
			if measured[i].taken > 0 && len(row.all) > 0 {
				text = of(measured[i])
			}
			c.Cells = append(c.Cells, Cell{Value: text, Ratio: 1})
		}
		return c
	}
	return tableOf([]Column{
		r.variantColumn(),
		column(ColTaken, func(m instruments) string { return words.Count(m.taken) }),
		column(ColMissed, func(m instruments) string { return words.Count(m.missed) }),
		column(ColWalk, func(m instruments) string {
			return fmt.Sprintf("%s (%s)", mebibytes(float64(m.error)), share(m.errorShare))
		}),
		column(ColBound, func(m instruments) string { return mebibytes(float64(m.bound)) }),
		column(ColSwap, func(m instruments) string { return mebibytes(float64(m.swap)) }),
	})
}

// Proven is what was proved of a variant before its figures counted.
type Proven struct {
	Row    *Row
	Proved bool
	Facts  []Fact
}

// Proven says of every variant that was run which allocator it was, and how that
// is known.
func (r *Report) Proven() []Proven {
	var all []Proven
	for _, row := range r.Rows {
		if len(row.all) == 0 {
			continue
		}
		t, v := row.all[0], r.asked(row)
		p := row.Proof
		to := Proven{Row: row, Proved: p.Allocator != ""}
		fact := func(name, text string) {
			if text = prose(text, mostNote); text != "" {
				to.Facts = append(to.Facts, Fact{name, text})
			}
		}
		fact("promised", named(p.Promised))
		if to.Proved {
			fact("allocator", join(allocator(p), p.Linkage))
		} else {
			fact("allocator", "not proven")
		}
		fact("C library", p.Libc)
		fact("suite", v.Suite)
		fact("knobs asked for", r.knobsGiven(row))
		fact("libraries in the memory maps", listed(p.Libraries))
		if p.Arenas > 0 {
			fact("arenas", words.Count(p.Arenas))
		}
		fact("knobs, read back", everyKnob(p.Knobs))
		if p.UsableOf1 > 0 {
			fact("one byte takes", words.Plural(p.UsableOf1, "byte", "bytes"))
		}
		fact("workers", join(positive(p.Workers), p.Threads))
		if p.MaxProcs > 0 {
			limit := ""
			if p.GoMemory > 0 && p.GoMemory < bench.Bytes(1)<<60 {
				limit = "GOMEMLIMIT " + mebibytes(float64(p.GoMemory))
			}
			fact("Go", join(p.GoVersion, fmt.Sprintf("GOMAXPROCS %d", p.MaxProcs), fmt.Sprintf("GOGC %d", p.GoGC), limit))
		}
		fact("image", join(named(t.Image), prose(t.ImageID, mostPart)))
		all = append(all, to)
	}
	return all
}

// mostListed is how many libraries or knobs are told; a file holds all.
const mostListed = 40

// listed joins names, each as it is shown.
func listed(names []string) string {
	var parts []string
	for i, name := range names {
		if i == mostListed {
			parts = append(parts, fmt.Sprintf("and %d more", len(names)-mostListed))
			break
		}
		parts = append(parts, plain.Name(name))
	}
	return strings.Join(parts, ", ")
}

// everyKnob lists settings in the order of their names.
func everyKnob(settings map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		all = append(all, name+"="+settings[name])
	}
	return listed(all)
}

// positive writes a number; nothing for none.
func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return words.Count(n)
}
