package runs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// What a service may have in the folder of its socket: the socket, and a little
// beside it.
const (
	folderFiles = 64
	folderBytes = 1 << 20
)

// Bound mounts a small file system of its own over an instance's folder, so
// that whatever writes there can fill no disk, leave no set-user-id file or
// device that counts, and is gone with it. It says whether that could be done:
// it takes the right to mount. Without it, CheckFolder bounds the folder.
// Remove takes the mount away.
func Bound(dir string) bool {
	limits := fmt.Sprintf("size=%d,nr_inodes=%d,mode=0700", folderBytes, folderFiles)
	return unix.Mount("stair-stepper", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, limits) == nil
}

// Unbound takes off what Bound mounted, if it did, with all that is in it.
func Unbound(dir string) error {
	err := unix.Unmount(dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	// EINVAL: nothing is mounted; EPERM: nothing can have been.
	if err == nil || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOENT) {
		return nil
	}
	return &fs.PathError{Op: "unmount", Path: dir, Err: err}
}

// CheckFolder is the error of a service that has put more into the folder of
// its socket than a socket needs. It reads names and sizes, a bounded number,
// and opens nothing.
func CheckFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	names, err := d.Readdirnames(folderFiles + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if len(names) > folderFiles {
		return fmt.Errorf("it has put more than %d files into the folder of its socket", folderFiles)
	}
	var total int64
	for _, name := range names {
		info, err := os.Lstat(filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return err
		case info.IsDir():
			return fmt.Errorf("it has put a folder into the folder of its socket: %s", name)
		}
		total += info.Size()
	}
	if total > folderBytes {
		return fmt.Errorf("it has put %d MB into the folder of its socket", total/1e6)
	}
	return nil
}

// removeAll removes a folder and all in it, and what is mounted over it.
func removeAll(dir string) error {
	if err := Unbound(dir); err != nil {
		return err
	}
	return uproot(dir)
}

// SeesFolder says whether what a process has mounted at a place inside is this
// host's folder dir: the engine may look up names where other file systems are
// mounted. A process that has ended sees whatever is asked.
func SeesFolder(pid int, inside, dir string) (bool, error) {
	var stat unix.Stat_t
	if err := unix.Lstat(dir, &stat); err != nil {
		return false, &fs.PathError{Op: "stat", Path: dir, Err: err}
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
	if proc.Gone(err) || errors.Is(err, unix.EINVAL) || err == nil && len(text) == 0 {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	device := fmt.Sprintf("%d:%d", unix.Major(stat.Dev), unix.Minor(stat.Dev))
	return slices.Contains(mountsAt(string(text), inside), device), nil
}

// mountsAt gives the devices, as MAJOR:MINOR, of what is mounted at a place, by
// the lines of /proc/PID/mountinfo (proc(5)): number, parent, device, root,
// place, options and more.
func mountsAt(mountinfo, place string) []string {
	var devices []string
	for line := range strings.Lines(mountinfo) {
		f := strings.Fields(line)
		if len(f) > 4 && f[4] == place {
			devices = append(devices, f[2])
		}
	}
	return devices
}
