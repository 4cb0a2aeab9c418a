package runs

import (
	"fmt"
	"os"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

const (
	// The kernel takes 108 bytes for a socket's path, its end mark included.
	maxSocket = 107
	// What a run's folder, a variant with a long name and the socket add to
	// their root.
	belowRoot = 81
)

// SocketRoot is the folder under which to make the folders for sockets: temp,
// the system's folder for temporary files, unless its own name leaves too
// little room for a socket's path, as that of a deep TMPDIR does; then short,
// if this user may write there.
func SocketRoot(temp, short string) string {
	if len(temp)+belowRoot <= maxSocket {
		return temp
	}
	probe, err := os.MkdirTemp(short, "socket-probe-")
	if err != nil {
		return temp
	}
	if os.Remove(probe) != nil {
		return temp
	}
	return short
}

// CheckSocket refuses the path of a unix socket that the kernel would.
func CheckSocket(path string) error {
	if len(path) <= maxSocket {
		return nil
	}
	return &hint.Error{
		Err:    fmt.Errorf("the socket's path is %d bytes long, the kernel takes %d: %s", len(path), maxSocket, path),
		Advice: "set TMPDIR to a shorter folder, such as /tmp, or give the Dockerfile a shorter name",
	}
}
