package enginetest

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

//go:embed testdata/service/main.go
var service []byte

// dockerfile needs no base: the binary travels in the build context, so that
// the suite does not wait for a compiler in a container. The process engine
// runs the line that names OUT, which builds it anew.
const dockerfile = `ARG BASE=scratch
FROM ${BASE} AS build
ARG OUT=/out/stepper
ENV CGO_ENABLED=0

FROM scratch
LABEL stair-stepper.allocator="go"
ENV FROM_IMAGE="yes \$LIB"
COPY services/stepper/binary /stepper
USER 65532:65532
EXPOSE 3000
ENTRYPOINT ["/stepper"]
`

const buildStep = "RUN go build -o \"${OUT}\" ./services/stepper\n"

// Project writes a small project with a service for the suite into a folder of
// the test's own, with Dockerfile.test, and gives the folder and the variant.
// With run, the Dockerfile has a RUN that builds the service; without, it copies
// a binary that was built for it.
func Project(t testing.TB, run bool) (root string, variant bench.Variant) {
	t.Helper()
	root = t.TempDir()
	dir := filepath.Join(root, "services", "stepper")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/project\n\ngo 1.26\n")
	write("services/stepper/main.go", string(service))
	text := dockerfile
	if run {
		text += buildStep
	} else {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", filepath.Join(dir, "binary"), "./services/stepper")
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath -buildvcs=false")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	write("Dockerfile.test", text)
	return root, bench.Variant{Name: "test+knob", Dockerfile: "Dockerfile.test"}
}
