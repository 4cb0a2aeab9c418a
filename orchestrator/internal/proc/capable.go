package proc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Capable says whether this process may use a capability now, such as
// unix.CAP_SYS_PTRACE, see capabilities(7).
func Capable(capability int) (bool, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData // 32 capabilities each
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return false, fmt.Errorf("capget: %w", err)
	}
	return sets[capability/32].Effective&(1<<(capability%32)) != 0, nil
}
