package variant

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// What allocators were seen to tell.
var (
	glibcRead = map[string]string{
		"glibc.malloc.arena_max": "0x2", "glibc.malloc.mmap_threshold": "0x10000", "glibc.malloc.mxfast": "0x0",
		"glibc.malloc.tcache_count": "0x0", "glibc.malloc.perturb": "0", "glibc.malloc.trim_threshold": "0x40",
	}
	jemallocRead = map[string]string{
		"background_thread": "true", "opt.background_thread": "true", "opt.dirty_decay_ms": "1000", "opt.muzzy_decay_ms": "-1",
		"opt.narenas": "2", "opt.percpu_arena": "percpu", "opt.tcache_max": "4096", "opt.hpa_dirty_mult": "0.25",
	}
	mimallocOld = map[string]string{"decommit_delay": "0", "large_os_pages": "1", "reserve_os_memory": "65536", "page_reset": "0"}
	mimallocNew = map[string]string{"purge_delay": "0", "allow_large_os_pages": "1", "arena_reserve": "65536", "arena_purge_mult": "4"}
	gperfRead   = map[string]string{"tcmalloc.aggressive_memory_decommit": "1", "tcmalloc_release_rate": "10", "tcmalloc.heap_limit_mb": "0"}
)

func TestCheckKnobs(t *testing.T) {
	type env = map[string]string
	check := func(allocator, version string, read, asked env, wantNote, want, advice string) {
		t.Helper()
		asked["PATH"], asked["LD_PRELOAD"], asked["SLEEP_MS"] = "/bin", "/lib/x.so", "100"
		notes, err := CheckKnobs(Asked{Allocator: allocator, Version: version, Env: asked, Own: asked, Read: read})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want || hint.Of(err) != advice {
			t.Errorf("%v:\n  %s\n  (%s)\nwant\n  %s\n  (%s)", asked, got, hint.Of(err), want, advice)
		}
		if wantNotes := slices.DeleteFunc([]string{wantNote}, func(s string) bool { return s == "" }); !slices.Equal(notes, wantNotes) {
			t.Errorf("%v: notes %q; want %q", asked, notes, wantNotes)
		}
	}
	good := func(allocator, version string, read, asked env) {
		t.Helper()
		check(allocator, version, read, asked, "", "", "")
	}
	bad := func(allocator, version string, read, asked env, want, advice string) {
		t.Helper()
		check(allocator, version, read, asked, "", want, advice)
	}
	unread := func(allocator, version string, read, asked env, note string) {
		t.Helper()
		check(allocator, version, read, asked, note, "", "")
	}

	good("glibc", "2.36", glibcRead, env{})
	good("glibc", "2.36", glibcRead, env{"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "65536"})
	good("glibc", "2.36", glibcRead, env{"GLIBC_TUNABLES": "glibc.malloc.arena_max=0x2:glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"})
	good("glibc", "2.36", glibcRead, env{"GLIBC_TUNABLES": "glibc.malloc.arena_max=1:glibc.malloc.arena_max=2"})
	bad("glibc", "2.36", glibcRead, env{"MALLOC_ARENA_MAX": "3"}, "MALLOC_ARENA_MAX=3 did not take: glibc 2.36 has 0x2",
		"check the value, and what the variant's log says of it")
	bad("glibc", "2.36", glibcRead, env{"MALLOC_TRIM_THRESHOLD_": "64k"}, "MALLOC_TRIM_THRESHOLD_=64k did not take: glibc 2.36 has 0x40",
		"glibc knows no units: write 65536")
	bad("glibc", "2.36", glibcRead, env{"MALLOC_ARENAMAX": "2"}, "MALLOC_ARENAMAX=2: glibc 2.36 has no MALLOC_ARENAMAX", `did you mean "MALLOC_ARENA_MAX"?`)
	bad("glibc", "2.36", glibcRead, env{"GLIBC_TUNABLES": "glibc.malloc.arenas_max=2"}, "GLIBC_TUNABLES=glibc.malloc.arenas_max=2: glibc 2.36 has no glibc.malloc.arenas_max",
		`did you mean "glibc.malloc.arena_max"?`)
	bad("glibc", "2.36", glibcRead, env{"GLIBC_TUNABLES": "glib.malloc.arena_max=2"}, "GLIBC_TUNABLES=glib.malloc.arena_max=2: glibc 2.36 has no glib.malloc.arena_max",
		`did you mean "glibc.malloc.arena_max"?`)
	bad("glibc", "2.43", glibcRead, env{"GLIBC_TUNABLES": "glibc.malloc.mxfast=0"}, "GLIBC_TUNABLES=glibc.malloc.mxfast=0 has no effect in glibc 2.43: fastbins are gone", "leave it out")
	bad("glibc", "2.31", nil, env{"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}, "GLIBC_TUNABLES=glibc.malloc.hugetlb=1 has no effect in glibc 2.31: it is there from 2.35 on", "leave it out")
	bad("glibc", "2.36", glibcRead, env{"MALLOC_CHECK_": "3"},
		"MALLOC_CHECK_=3 has no effect in glibc 2.36: the checks are in libc_malloc_debug.so now, which has to be preloaded for them", "leave it out")
	bad("glibc", "2.36", glibcRead, env{"MALLOC_CONF": "narenas:2"}, "MALLOC_CONF=narenas:2 is a knob of jemalloc, and malloc is glibc's",
		"leave it out, or set it for a variant that runs jemalloc")
	bad("glibc", "2.36", glibcRead, env{"MALOC_ARENA_MAX": "2"}, "MALOC_ARENA_MAX is no knob of any allocator", `did you mean "MALLOC_ARENA_MAX"?`)
	unread("glibc", "2.31", nil, env{"MALLOC_ARENA_MAX": "2"}, "MALLOC_ARENA_MAX=2 cannot be read back from glibc 2.31")
	bad("musl", "1.2.3", nil, env{"MALLOC_ARENA_MAX": "2"}, "MALLOC_ARENA_MAX=2 is a knob of glibc, and malloc is musl's", "leave it out, or set it for a variant that runs glibc")

	good("jemalloc", "5.3.0", jemallocRead, env{"MALLOC_CONF": "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:-1,narenas:2,percpu_arena:percpu"})
	good("jemalloc", "5.3.0", jemallocRead, env{"MALLOC_CONF": "lg_tcache_max:12,hpa_dirty_mult:0.25"})
	bad("jemalloc", "5.3.0", jemallocRead, env{"MALLOC_CONF": "percpu_arena:phycpu"}, "MALLOC_CONF=percpu_arena:phycpu did not take: jemalloc 5.3.0 has percpu",
		"check the value, and what the variant's log says of it")
	bad("jemalloc", "5.3.0", jemallocRead, env{"MALLOC_CONF": "dirty_decay:0"}, "MALLOC_CONF=dirty_decay:0: jemalloc 5.3.0 has no dirty_decay", `did you mean "dirty_decay_ms"?`)
	bad("jemalloc", "5.3.0", jemallocRead, env{"MALLOC_CONF": "xmalloc:true"}, "MALLOC_CONF=xmalloc:true did not take: jemalloc 5.3.0 does not have opt.xmalloc, as it was built", "leave it out")
	bad("jemalloc", "5.3.0", jemallocRead, env{"MALLOC_CONF": "disable_large_size_classes:false"},
		"MALLOC_CONF=disable_large_size_classes:false has no effect in jemalloc 5.3.0: it is there from 5.3.1 on", "leave it out")
	bad("jemalloc", "5.3.0", jemallocRead, env{"MALLOC_ARENA_MAX": "2"}, "MALLOC_ARENA_MAX=2 is a knob of glibc, and malloc is jemalloc's",
		"leave it out, or set it for a variant that runs glibc")
	bad("jemalloc", "5.3.0", map[string]string{"background_thread": "false", "opt.background_thread": "true"}, env{"MALLOC_CONF": "background_thread:true"},
		"MALLOC_CONF=background_thread:true did not take: jemalloc 5.3.0 has false", "check the value, and what the variant's log says of it")
	unread("jemalloc", "5.3.0", jemallocRead, env{"MALLOC_CONF": "narenas_ratio:1,narenas:2"}, "MALLOC_CONF=narenas_ratio:1 cannot be read back from jemalloc 5.3.0")

	good("mimalloc", "2.0.9", mimallocOld, env{"MIMALLOC_DECOMMIT_DELAY": "0", "MIMALLOC_LARGE_OS_PAGES": "yes", "MIMALLOC_RESERVE_OS_MEMORY": "64M"})
	good("mimalloc", "3.0.1", mimallocNew, env{"MIMALLOC_PURGE_DELAY": "0", "MIMALLOC_LARGE_OS_PAGES": "1", "MIMALLOC_ARENA_RESERVE": "67108864"})
	bad("mimalloc", "2.0.9", mimallocOld, env{"MIMALLOC_PURGE_DELAY": "0"}, "MIMALLOC_PURGE_DELAY=0 has no effect in mimalloc 2.0.9: it is there from 2.1 on",
		"in mimalloc 2.0.9 it is MIMALLOC_DECOMMIT_DELAY")
	bad("mimalloc", "3.0.1", mimallocNew, env{"MIMALLOC_DECOMMIT_DELAY": "0"}, "MIMALLOC_DECOMMIT_DELAY=0 has no effect in mimalloc 3.0.1: it is there until 2.1",
		"in mimalloc 3.0.1 it is MIMALLOC_PURGE_DELAY")
	bad("mimalloc", "3.6.0", mimallocNew, env{"MIMALLOC_PURGE_DELY": "0"}, "MIMALLOC_PURGE_DELY=0: mimalloc 3.6.0 has no MIMALLOC_PURGE_DELY", `did you mean "MIMALLOC_PURGE_DELAY"?`)
	bad("mimalloc", "3.0.1", mimallocNew, env{"MIMALLOC_PURGE_DELAY": "soon"}, "MIMALLOC_PURGE_DELAY=soon did not take: mimalloc 3.0.1 has 0",
		"check the value, and what the variant's log says of it")
	unread("mimalloc", "2.2.3", nil, env{"MIMALLOC_PURGE_DELAY": "0"}, "MIMALLOC_PURGE_DELAY=0 cannot be read back from mimalloc 2.2.3")
	unread("mimalloc", "4.0.0", nil, env{"MIMALLOC_NEWEST": "0"}, "MIMALLOC_NEWEST=0 cannot be read back from mimalloc 4.0.0")
	good("mimalloc", "4.0.0", map[string]string{"newest": "3"}, env{"MIMALLOC_NEWEST": "3"})

	good("gperftools", "2.10", gperfRead, env{"TCMALLOC_AGGRESSIVE_DECOMMIT": "true", "TCMALLOC_RELEASE_RATE": "10.0"})
	bad("gperftools", "2.10", gperfRead, env{"TCMALLOC_AGGRESSIVE_DECOMMIT": "on"}, "TCMALLOC_AGGRESSIVE_DECOMMIT=on did not take: gperftools 2.10 has 1",
		"check the value, and what the variant's log says of it")
	unread("gperftools", "2.10", gperfRead, env{"TCMALLOC_SKIP_SBRK": "1"}, "TCMALLOC_SKIP_SBRK=1 cannot be read back from gperftools 2.10")
	unread("gperftools", "2.9.1", map[string]string{"tcmalloc.heap_limit_mb": "0"}, env{"TCMALLOC_RELEASE_RATE": "3"}, "TCMALLOC_RELEASE_RATE=3 cannot be read back from gperftools 2.9.1")
	bad("gperftools", "2.10", gperfRead, env{"TCMALLOC_RELEASE_RAT": "10"}, "TCMALLOC_RELEASE_RAT=10: gperftools 2.10 has no TCMALLOC_RELEASE_RAT", `did you mean "TCMALLOC_RELEASE_RATE"?`)

	good("scudo", "19", map[string]string{"release_to_os_interval_ms": "0"}, env{"SCUDO_OPTIONS": "release_to_os_interval_ms=0"})
	unread("scudo", "16", nil, env{"SCUDO_OPTIONS": "release_to_os_interval_ms=0"}, "SCUDO_OPTIONS=release_to_os_interval_ms=0 cannot be read back from scudo 16")
	bad("scudo", "16", nil, env{"SCUDO_OPTIONS": "release_to_os_interval=0"}, "SCUDO_OPTIONS=release_to_os_interval=0: scudo 16 has no release_to_os_interval",
		`did you mean "release_to_os_interval_ms"?`)
	unread("tbbmalloc", "", nil, env{"TBB_MALLOC_USE_HUGE_PAGES": "1"}, "TBB_MALLOC_USE_HUGE_PAGES=1 cannot be read back from tbbmalloc")
	bad("tbbmalloc", "", nil, env{"TBB_MALLOC_USE_HUGEPAGES": "1"}, "TBB_MALLOC_USE_HUGEPAGES=1: tbbmalloc has no TBB_MALLOC_USE_HUGEPAGES",
		`did you mean "TBB_MALLOC_USE_HUGE_PAGES"?`)

	good("glibc", "2.36", map[string]string{"TRIM_MS": "500"}, env{"TRIM_MS": "500"})
	bad("glibc", "2.36", glibcRead, env{"TRIM_MS": "500"}, "TRIM_MS=500 did not take: the service does not say so", "check what its Dockerfile starts")
	good("glibc", "2.36", map[string]string{"glibc.pthread.rseq": "0"}, env{"GLIBC_TUNABLES": "glibc.pthread.rseq=0"})
}

// TestInherited: a variable that only looks like a knob counts where the variant
// itself sets it, and not where its image has it for something else.
func TestInherited(t *testing.T) {
	if notes, err := CheckKnobs(Asked{Allocator: "glibc", Env: map[string]string{"MALOC_ARENA_MAX": "2"}}); err != nil || notes != nil {
		t.Errorf("%q, %v", notes, err)
	}
}

func TestOlder(t *testing.T) {
	check := func(a, b string, want bool) {
		t.Helper()
		if got := Older(a, b); got != want {
			t.Errorf("%s before %s: %v", a, b, got)
		}
	}
	check("2.9", "2.10", true)
	check("2.10", "2.9", false)
	check("2.10", "2.10", false)
	check("2.10", "2.10.1", true)
	check("3", "2.9", false)
	check("14.0.6", "16", true)
	check("", "1", true)
}

func TestWithUnit(t *testing.T) {
	got := map[string]uint64{}
	for _, text := range []string{"77", "64k", "64K", "64KiB", "1GB", "2t", "k", "", "1x", "-1k", "99999999999T"} {
		if bytes, ok := withUnit(text); ok {
			got[text] = bytes
		}
	}
	want := map[string]uint64{"77": 77, "64k": 65536, "64K": 65536, "64KiB": 65536, "1GB": 1 << 30, "2t": 2 << 40}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestKnobTable: every entry says what it does, and where it belongs.
func TestKnobTable(t *testing.T) {
	for name, all := range knobs {
		for _, k := range all {
			if owner := ownerOf(sought{env: k.Env, key: k.Key}); owner != name {
				t.Errorf("%s %s of %s is taken for one of %q", k.Env, k.Key, name, owner)
			}
			if k.Does == "" || k.From != "" && k.Until != "" && !Older(k.From, k.Until) {
				t.Errorf("%s: %+v", name, k)
			}
			if _, several := containers[k.Env]; several != (k.Key != "") {
				t.Errorf("%s: %+v: a key belongs to a variable that holds several", name, k)
			}
		}
	}
}
