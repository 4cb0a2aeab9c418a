package variant

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTaken(t *testing.T) {
	check := func(allocator, version string, env, read map[string]string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, Taken(allocator, version, env, read)); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", allocator, env, diff)
		}
	}
	type vars = map[string]string
	check("glibc", "2.36", vars{"MALLOC_ARENA_MAX": "2", "TRIM_MS": "1000"}, vars{"glibc.malloc.arena_max": "0x2", "TRIM_MS": "1000", "glibc.malloc.mxfast": "0x0"},
		"glibc.malloc.arena_max=0x2", "TRIM_MS=1000")
	check("jemalloc", "5.3.0", vars{"MALLOC_CONF": "narenas:2,bin_shards:x"}, vars{"opt.narenas": "2", "opt.tcache": "true"}, "opt.narenas=2")
	check("mimalloc", "2.0.9", vars{"MIMALLOC_DECOMMIT_DELAY": "0", "BALLAST": "3"}, vars{"decommit_delay": "0", "": "x"}, "decommit_delay=0")
	check("glibc", "2.36", nil, vars{"glibc.malloc.arena_max": "0x2"})
}
