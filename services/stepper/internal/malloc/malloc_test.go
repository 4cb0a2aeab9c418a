package malloc

import "testing"

// TestIdentify asks the allocator of this test, whichever it is.
func TestIdentify(t *testing.T) {
	id := Identify()
	if id.Name == "" || id.Name == "unknown" || id.Libc == "" || id.Linkage == "" {
		t.Errorf("identity %+v", id)
	}
	if id.Name == "glibc" && (id.Version != id.LibcVersion || id.Arenas < 1 || id.UsableOfOne != 24) {
		t.Errorf("glibc says %+v", id)
	}
	if stats := Statistics(); id.Name == "glibc" && stats["uordblks"] <= 0 {
		t.Errorf("statistics %v", stats)
	}
}

func TestUsable(t *testing.T) {
	for _, size := range []int{1, 8, 24, 100, 632, 728, 1024, 5000} {
		got := Usable(size)
		if got < size || got > 2*size+32 {
			t.Errorf("a block of %d has %d usable bytes", size, got)
		}
		if again := Usable(size); again != got {
			t.Errorf("a block of %d has now %d, now %d usable bytes", size, got, again)
		}
	}
}

func TestCountOfNothing(t *testing.T) {
	h, err := NewHeap()
	if err != nil {
		t.Fatal(err)
	}
	if c := Count([]*Heap{h}); c != (Counters{}) {
		t.Errorf("a fresh heap counts %+v", c)
	}
	if c := Count(nil); c != (Counters{}) {
		t.Errorf("no heap counts %+v", c)
	}
}

func TestPreloaded(t *testing.T) {
	const file = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
	check := func(preload string, want bool) {
		t.Helper()
		t.Setenv("LD_PRELOAD", preload)
		if got := preloaded(file); got != want {
			t.Errorf("LD_PRELOAD=%q: %v, want %v", preload, got, want)
		}
	}
	check("", false)
	check(file, true)
	check("/usr/$LIB/libjemalloc.so.2", true)
	check("/lib/other.so:"+file, true)
	check("/lib/other.so /x/libjemalloc.so.1", false)
}
