package design

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// MostAtOnce bounds how many variants may be asked for at the same time.
const MostAtOnce = 1024

// perCPU is how many variants a CPU is taken to have room for as long as nothing
// was measured. Under the plan that comes with the project glibc and jemalloc
// take 10 ms of CPU per request and get 35 requests a second, a third of a CPU;
// half of one leaves room for the load itself and for the dearer ones.
const perCPU = 2

// mostDraws bounds how often the groups of a round are drawn until one is found
// in which each fits.
const mostDraws = 64

// Grouped divides the rounds of a design whose variants are too many to run at
// the same time on so many CPUs, or more than were asked for. Demand is how many
// CPUs variants keep busy, as far as it is known. Variants that run one after the
// other anyway have no groups.
func Grouped(d bench.Design, cpus int, demand map[string]float64) bench.Design {
	d.Groups = nil
	most := cmp.Or(d.AtOnce, perCPU*cpus)
	if d.Mode == bench.Apart || len(d.Variants) <= max(most, 2) {
		return d
	}
	d.Groups = &bench.Groups{CPUs: cpus, Demand: map[string]float64{}}
	for _, v := range d.Variants {
		d.Groups.Demand[v.Name] = 1.0 / perCPU
		if known := demand[v.Name]; known > 0 {
			d.Groups.Demand[v.Name] = known
		}
	}
	return d
}

// Regrouped gives a design the demand that was measured in its first round. Of a
// variant that measured none it keeps what was expected.
func Regrouped(d bench.Design, measured map[string]float64) bench.Design {
	g := *d.Groups
	g.Demand = maps.Clone(g.Demand)
	for name, demand := range measured {
		if demand > 0 && !math.IsInf(demand, 0) {
			g.Demand[name] = demand
		}
	}
	d.Groups = &g
	return d
}

// Demand is how many CPUs a variant keeps busy that takes so many seconds of CPU
// per request: times the rate at which requests come. In a closed loop each waits
// for the answer to another, so it comes after the handler's sleep and the work at
// the soonest.
func Demand(d bench.Design, p bench.Plan, perRequest float64, cpus int) float64 {
	rate := float64(p.Concurrency) / (d.Sleep.Seconds() + perRequest)
	if p.ArrivalRate > 0 {
		rate = min(rate, p.ArrivalRate*float64(p.PerIteration()))
	}
	demand := min(rate*perRequest, float64(min(cpus, d.Workers)))
	return math.Round(100*demand) / 100
}

// GroupCount is how many groups a round has; 1 where it is not divided.
func GroupCount(d bench.Design) int {
	if d.Groups == nil {
		return 1
	}
	return newDivision(d).count
}

// Turn draws the groups of a round of the design: in each the baseline, and every
// other variant in one. Who shares a group changes from round to round, so that no
// variant always has the same neighbours. It depends on the number of the round
// and the design alone. The Number of the groups is left to the caller.
func Turn(d bench.Design, turn int) []Round {
	div := newDivision(d)
	rnd := rand.New(rand.NewPCG(d.Seed, 1<<32|uint64(turn)))
	groups, ok := [][]string(nil), false
	for range mostDraws {
		if groups, ok = div.deal(shuffled(rnd, slices.Clone(div.others)), div.count); ok {
			break
		}
	}
	if !ok { // seldom do they fit: then those of like demand change places
		groups, _ = div.deal(div.heaviestFirst(shuffled(rnd, slices.Clone(div.others))), div.count)
	}
	rnd.Shuffle(len(groups), func(a, b int) { groups[a], groups[b] = groups[b], groups[a] })
	rounds := make([]Round, len(groups))
	for i, members := range groups {
		if slices.Contains(names(d), d.Baseline) {
			members = append(members, d.Baseline)
		}
		rounds[i] = Round{Order: shuffled(rnd, members), Turn: turn, Group: i + 1, Groups: len(groups)}
	}
	return rounds
}

// division is what the groups of a design are drawn from.
type division struct {
	others []string           // all variants but the baseline
	weight map[string]float64 // of each
	room   float64            // that a group has beside the baseline
	count  int                // of groups
}

func newDivision(d bench.Design) division {
	div := division{weight: d.Groups.Demand, room: float64(d.Groups.CPUs) - d.Groups.Demand[d.Baseline]}
	div.others = slices.DeleteFunc(names(d), func(name string) bool { return name == d.Baseline })
	if d.AtOnce > 0 { // whatever they need
		div.weight, div.room = map[string]float64{}, float64(d.AtOnce-1)
		for _, name := range div.others {
			div.weight[name] = 1
		}
	}
	for div.count = 1; div.count < len(div.others); div.count++ {
		if _, ok := div.deal(div.heaviestFirst(slices.Clone(div.others)), div.count); ok {
			break
		}
	}
	return div
}

// heaviestFirst puts variants in the order in which they fit into the fewest
// groups, and leaves those of one weight in theirs.
func (div division) heaviestFirst(variants []string) []string {
	slices.SortStableFunc(variants, func(a, b string) int { return cmp.Compare(div.weight[b], div.weight[a]) })
	return variants
}

// deal gives each variant in turn to the group that has the most room left. It is
// ok if none has more than fits, but for one that is alone with the baseline.
func (div division) deal(variants []string, n int) (groups [][]string, ok bool) {
	groups = make([][]string, n)
	taken := make([]float64, n)
	for _, name := range variants {
		i := 0
		for j := range taken {
			if taken[j] < taken[i] {
				i = j
			}
		}
		groups[i] = append(groups[i], name)
		taken[i] += div.weight[name]
	}
	for i, members := range groups {
		if len(members) == 0 || len(members) > 1 && taken[i] > div.room+1e-9 {
			return groups, false
		}
	}
	return groups, true
}
