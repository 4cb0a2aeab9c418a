package docker

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// share makes dir the container's folder for its socket. Binds are written
// HOST:CONTAINER:OPTIONS, so that a folder with a colon in its name needs the
// newer form, which cannot give a folder the label that SELinux asks for.
func share(host *container.HostConfig, dir string) {
	if strings.Contains(dir, ":") {
		host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeBind, Source: dir, Target: socketDir})
		return
	}
	host.Binds = append(host.Binds, dir+":"+socketDir+":rw,z") // z: SELinux hosts refuse otherwise
}

// shareable refuses a folder that no container of a daemon with these security
// options could use.
func shareable(dir string, security []string) error {
	if !utf8.ValidString(dir) {
		// On its way to the daemon it would become the name of another folder.
		return &hint.Error{
			Err:    fmt.Errorf("folder for the socket: %q is not UTF-8", dir),
			Advice: "set TMPDIR to a folder whose name is UTF-8",
		}
	}
	selinux := func(s string) bool { return strings.HasPrefix(s, "name=selinux") }
	if strings.Contains(dir, ":") && slices.ContainsFunc(security, selinux) {
		return &hint.Error{
			Err:    fmt.Errorf("folder for the socket: %s has a colon in its name, so it cannot get SELinux's label", dir),
			Advice: "set TMPDIR to a folder without a colon",
		}
	}
	return nil
}
