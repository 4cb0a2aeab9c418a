package debian

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// StatusFile is where Unpack leaves dpkg's list of what is there, below the root.
const StatusFile = "var/lib/dpkg/status"

// merged are the folders that Debian keeps as links into /usr.
var merged = []string{"bin", "lib", "lib32", "lib64", "libx32", "sbin"}

// unwanted is what nothing that runs reads.
var unwanted = []string{
	"usr/share/doc/", "usr/share/info/", "usr/share/lintian/", "usr/share/locale/",
	"usr/share/man/", "usr/share/bug/",
}

// Unpack lays the files of packages out below dir, an empty folder, as on a system
// where /lib is a link to /usr/lib. Nothing is written elsewhere, no script is run,
// and everything belongs to the caller. An absolute link leads to a file below dir
// as well.
func Unpack(ctx context.Context, dir string, debs []string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, d := range merged {
		if err := errors.Join(root.MkdirAll("usr/"+d, 0o755), root.Symlink("usr/"+d, d)); err != nil {
			return err
		}
	}
	var status bytes.Buffer
	for _, deb := range debs {
		control, err := exec.CommandContext(ctx, "dpkg-deb", "--field", deb).Output()
		if err == nil {
			fmt.Fprintf(&status, "%s\nStatus: install ok installed\n\n", bytes.TrimSpace(control))
			err = unpack(ctx, root, deb)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("unpack %s into %s: %w", filepath.Base(deb), dir, err)
		}
	}
	return errors.Join(
		root.MkdirAll(path.Dir(StatusFile), 0o755),
		root.WriteFile(StatusFile, status.Bytes(), 0o644),
	)
}

func unpack(ctx context.Context, root *os.Root, deb string) error {
	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", deb)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	failed := extract(root, tar.NewReader(out))
	// The reader stops at the end mark; dpkg-deb wants to write the padding.
	_, drainErr := io.Copy(io.Discard, out)
	return errors.Join(failed, drainErr, cmd.Wait())
}

func extract(root *os.Root, from *tar.Reader) error {
	for {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := place(h.Name)
		if name == "" || slices.ContainsFunc(unwanted, func(u string) bool { return strings.HasPrefix(name+"/", u) }) {
			continue
		}
		// What two packages have comes from the first.
		if err := put(root, name, h, from); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// put makes one entry of a package. Devices and their like have no use here.
func put(root *os.Root, name string, h *tar.Header, content io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		return root.Symlink(relink(h.Name, h.Linkname), name)
	case tar.TypeLink:
		return root.Link(place(h.Linkname), name)
	case tar.TypeReg:
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644|os.FileMode(h.Mode)&0o111)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		return errors.Join(err, f.Close())
	}
	return nil
}

// place is where a path of a package belongs once /bin, /lib and their like are
// links into /usr.
func place(name string) string {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	first, _, _ := strings.Cut(name, "/")
	if slices.Contains(merged, first) {
		return "usr/" + name
	}
	return name
}

// relink is the target of a package's link, relative to where the link is put.
func relink(name, target string) string {
	if !path.IsAbs(target) {
		target = path.Join("/", path.Dir(name), target)
	}
	up := strings.Repeat("../", strings.Count(place(name), "/"))
	return up + place(target)
}
