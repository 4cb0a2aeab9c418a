package report

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// control is an experiment whose A/A control fails: the twin of libc keeps 6 %
// less than libc itself in every round.
func failedControl() *bench.Experiment {
	twin := short2[0]
	twin.name = "libc-twin"
	twin.scatter = nil
	for i, s := range short2[0].scatter {
		twin.scatter = append(twin.scatter, s*(0.94+0.008*float64(i%3)))
	}
	exp := made([]profile{short2[0], twin, short2[1]}, 480, 7)
	exp.Design.Twin = twin.name
	return exp
}

// troubled is an experiment in which all goes wrong that may.
func troubled() *bench.Experiment {
	huge := long[0]
	huge.name = "libc-huge"
	huge.proof.Knobs = map[string]string{"glibc.malloc.hugetlb": "2"}
	exp := made([]profile{long[0], long[1], long[2], huge}, 2500, 3)
	exp.Design.Rounds, exp.Design.Quick, exp.Interrupted, exp.Environment.THP = 2, true, true, "always"
	exp.Warnings = []bench.Warning{{Code: "swap-on", Text: "swap is on: memory that goes there leaves the RSS"}}
	exp.Design.Variants = append(exp.Design.Variants, bench.Variant{Name: "mimalloc|2_0"})
	for i := range exp.Trials {
		t := &exp.Trials[i]
		switch t.Round {
		case 1: // another's work, all along
			t.Batches[1].Machine.Others = t.Batches[1].Machine.Elapsed * 28 / 100
		case 2:
			t.Void = "other processes took 31 % of the machine in libc's batch 1"
			t.Batches[0].Machine.Others = t.Batches[0].Machine.Elapsed * 62 / 100
		case 3:
			t.Repeats = 2
		}
		switch t.Variant {
		case "libc":
			troubleLibc(t)
		case "jemalloc":
			troubleJemalloc(t)
		case "musl":
			troubleMusl(t)
		case "libc-huge":
			troubleHuge(t)
		}
	}
	return exp
}

// troubleLibc makes it climb to the end, badly read, and cut its idle short.
func troubleLibc(t *bench.Trial) {
	eachSample(t, func(_ int, s *bench.Sample) {
		if s.At > t.Batches[2].Start {
			s.Anon += bench.Bytes((s.At - t.Batches[2].Start).Seconds() * 3 * float64(bench.MiB))
		}
	})
	last := &t.Phases[len(t.Phases)-1]
	last.End = last.Start + 12*time.Second
	t.Edges[1].Anonymous -= 30 * bench.MiB
	t.Sampler.Missed, t.Sampler.Busy = 160, 9*time.Second
}

// troubleJemalloc makes requests fail, memory go to swap and Go's share grow,
// while the machine is taken away.
func troubleJemalloc(t *bench.Trial) {
	t.Batches[2].Failed, t.Batches[2].Errors = 12, map[string]int{"timeout": 10, "status 503": 2}
	t.Batches[2].Answers = map[string]int{"201/58": 2488, "503/0": 2}
	t.Batches[0].Machine.Stolen = t.Batches[0].Machine.Elapsed * 10 / 100
	t.Batches[1].Machine.Jumped, t.Batches[1].Machine.Slept = -2300*time.Millisecond, 12*time.Second
	t.Warnings = []bench.Warning{
		{Code: "late-starts", Text: "batch 1: of 2500 iterations 31 started late and 0 never"},
		{Code: "late-proof", Text: "the allocator was proved after the first batch"},
	}
	t.Edges[3].Swap = 40 * bench.MiB
	for i := range t.Gauges {
		t.Gauges[i].GoHigh = 64 * bench.MiB
	}
}

// troubleMusl kills it in batch 2.
func troubleMusl(t *bench.Trial) {
	t.Error = "died in batch 2: killed for memory (limit 256 MiB)"
	t.Batches, t.Phases, t.Gauges, t.Edges = t.Batches[:2], t.Phases[:4], nil, t.Edges[:3]
	b := &t.Batches[1]
	b.Interrupted, b.Requests = true, 900
	b.CPU, b.Wait = b.CPU*900/2500, b.Wait*900/2500
	keepSamples(t, func(s bench.Sample) bool { return s.At <= b.End })
}

// troubleHuge puts its heap where no reading sees it.
func troubleHuge(t *bench.Trial) {
	eachSample(t, func(_ int, s *bench.Sample) { s.Anon = 7 * bench.MiB })
	for i := range t.Batches {
		t.Batches[i].HighWater = 7 * bench.MiB
	}
	for i := range t.Edges {
		e := &t.Edges[i]
		e.Anon, e.Anonymous, e.Proportional, e.Charged = 7*bench.MiB, 7*bench.MiB, 7*bench.MiB, 164*bench.MiB+bench.Bytes(i%3+5)*bench.MiB
	}
}
