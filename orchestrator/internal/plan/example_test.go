package plan_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

func Example() {
	dir, err := os.MkdirTemp("", "plan")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "benchmark.yml")
	err = os.WriteFile(name, []byte(`
base: http://localhost:3000
iterations: 10
concurrency: 2

plan:
  - name: look
    tags: [read]
    request: {url: /widgets/7}

  - name: change
    tags: [write]
    request:
      url: /widgets
      method: POST
      headers: {content-type: application/json}
      body: '{"payload": 7}'
`), 0o644)
	if err != nil {
		log.Fatal(err)
	}

	p, err := plan.Load(name, plan.Options{Tags: []string{"write"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range p.Requests() {
		fmt.Printf("%d times %s: %s %s, %d bytes\n", p.Iterations, r.Name, r.Method, r.Address, len(r.Body.Bytes))
	}
	// Output:
	// 10 times change: POST http://localhost:3000/widgets, 14 bytes
}
