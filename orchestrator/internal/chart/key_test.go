package chart

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
)

// Keys are whole drawings, and no two of the first that share a colour share a
// shape.
func TestKey(t *testing.T) {
	seen := map[string]int{}
	for i := range 3 * Colours {
		key := Key(i)
		if err := xml.Unmarshal([]byte(key), new(struct{})); err != nil {
			t.Errorf("key %d: %v: %s", i, err, key)
		}
		if before, known := seen[key]; known {
			t.Errorf("keys %d and %d are alike", before, i)
		}
		seen[key] = i
	}
	if want := fmt.Sprintf(`class="v%d"`, 1); Key(1) == "" || !strings.Contains(Key(1), want) || !strings.Contains(Key(1+Colours), want) {
		t.Errorf("key 1 is %s, want %s", Key(1), want)
	}
}
