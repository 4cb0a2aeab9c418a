package console

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestJSON(t *testing.T) {
	gate, err := parseGate("p99>100ms")
	if err != nil {
		t.Fatal(err)
	}
	r := sample()
	var out bytes.Buffer
	if err := writeJSON(&out, Run{samplePlan(), Setup{Timeout: 10 * time.Second}, r, []Verdict{gate.Judge(r)}}); err != nil {
		t.Fatal(err)
	}
	sum := samplePlan().SHA256()
	if !strings.Contains(out.String(), sum) {
		t.Error("the fingerprint of the plan is not in there")
	}
	golden(t, "run.json", strings.Replace(out.String(), sum, "FINGERPRINT", 1))
	if strings.Contains(out.String(), "secret") {
		t.Error("the password of the base is in there")
	}

	// Nothing measured is still the same form: no nulls.
	out.Reset()
	nothing := sample()
	nothing.Counts, nothing.Groups, nothing.Mistakes, nothing.Rate = empty(), nil, nil, 40
	if err := writeJSON(&out, Run{Plan: samplePlan(), Result: nothing}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "null") || !json.Valid(out.Bytes()) {
		t.Errorf("no good JSON:\n%s", out.String())
	}
	if !strings.Contains(out.String(), `"model": "open"`) {
		t.Error("an open loop is not called one")
	}
}
