package proc

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestCapable holds every capability against what /proc says of this process.
func TestCapable(t *testing.T) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(status), "CapEff:")
	line, _, _ := strings.Cut(after, "\n")
	mask, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	if err != nil || !ok {
		t.Fatalf("CapEff %q: %v", line, err)
	}
	for c := range unix.CAP_LAST_CAP + 1 {
		got, err := Capable(c)
		if want := mask&(1<<c) != 0; err != nil || got != want {
			t.Errorf("capability %d: %v, %v; want %v", c, got, err, want)
		}
	}
}
