package plan

import (
	"fmt"
	"strings"
	"testing"
)

// TestSecrets: what people may read never has the value of a secret field,
// whatever the case of its name.
func TestSecrets(t *testing.T) {
	// What was hidden once stays hidden.
	for _, header := range []string{
		"authorization", "Cookie", "Proxy-Authorization", "set-cookie", "X-API-KEY", "x-auth-token", "cookie2", "api-key",
	} {
		if !IsSecret(header) {
			t.Errorf("%s is no secret", header)
		}
		text := fmt.Sprintf("plan:\n- name: a\n  request: {url: 'http://h.org/', headers: {%s: hunter}}\n", header)
		listing, err := List("-", Options{Input: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(listing.Tasks, "\n"); strings.Contains(all, "hunter") || !strings.Contains(all, "***") {
			t.Errorf("%s is listed:\n%s", header, all)
		}
		// An excerpt of a mistake.
		_, err = Load("-", Options{Input: []byte(strings.Replace(text, "hunter", `"hunter\u0007"`, 1))})
		if err == nil || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s is quoted: %v", header, err)
		}
	}
	for _, header := range []string{"content-type", "accept", "x-request-id", ""} {
		if IsSecret(header) {
			t.Errorf("%q is hidden", header)
		}
	}
}
