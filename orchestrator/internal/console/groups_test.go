package console

import (
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// TestGroups: of a group people are told the round that it is of, and not the
// number that it has in the records. The final idle of one goes on beside the next.
func TestGroups(t *testing.T) {
	var out strings.Builder
	v := NewView(&out, false, nil)
	of := func(variant string, number int) store.Of { return store.Of{Variant: variant, Round: number} }
	for _, r := range []store.Record{
		{What: store.Header{Design: bench.Design{Rounds: 9, Batches: 2, Idle: 30 * time.Second, Groups: &bench.Groups{}}}},
		{What: store.Round{Number: 3, Order: []string{"libc", "musl"}, Turn: 2, Group: 1, Groups: 2}},
		{Of: of("musl", 3), What: store.Trial{Turn: 2, Group: 1, Container: "stepper-musl"}},
		{Of: of("musl", 3), What: bench.Proof{Allocator: "rpmalloc", Linkage: "preloaded"}},
		{Of: of("musl", 3), What: bench.Phase{Kind: bench.PhaseBatch, Batch: 1}},
		{What: store.Judged{Round: 3, Void: "the clock was set", Again: 5}},
		{What: store.Round{Number: 4, Order: []string{"libc", "scudo"}, Turn: 2, Group: 2, Groups: 2}},
		{Of: of("musl", 3), What: bench.Phase{Kind: bench.PhaseIdle}},
		{Of: of("scudo", 4), What: store.Trial{Turn: 2, Group: 2}},
		{Of: of("scudo", 4), What: store.Ended{Error: "died"}},
	} {
		v.Read(r)
	}
	for _, want := range []string{
		"round      2/9, group 1/2: libc, musl\n",
		"musl runs rpmalloc, preloaded · as stepper-musl\n",
		"musl       round 2, group 1 batch 1/2 begins\n",
		"round 2, group 1 does not count: the clock was set; it is repeated at the end of its round\n",
		"musl       round 2, group 1 idle 30s\n",
		"scudo, round 2, group 2: died\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
