package docker

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
	"time"
)

// rootfs is a root file system on its way into a tar. Packages are merged entry
// by entry, so nothing is unpacked on the host and owners need no privilege.
type rootfs struct {
	tar    *tar.Writer
	seen   map[string]bool
	status bytes.Buffer // dpkg's list of what is installed
	certs  bytes.Buffer // every certificate of ca-certificates
}

// merged are the folders that Debian keeps as links into /usr.
var merged = []string{"bin", "lib", "lib32", "lib64", "libx32", "sbin"}

// unwanted is what no build reads.
var unwanted = []string{
	"usr/share/doc/", "usr/share/info/", "usr/share/lintian/", "usr/share/locale/",
	"usr/share/man/", "usr/share/bug/",
}

// pack writes the stand-in's root file system as a tar.
func (s *standIn) pack(ctx context.Context, w io.Writer, debs []string) error {
	r := &rootfs{tar: tar.NewWriter(w), seen: map[string]bool{}}
	for _, d := range merged {
		err := errors.Join(
			r.dir("usr"),
			r.dir("usr/"+d),
			r.entry(&tar.Header{Name: d, Typeflag: tar.TypeSymlink, Linkname: "usr/" + d, Mode: 0o777}, nil),
		)
		if err != nil {
			return err
		}
	}
	for _, deb := range debs {
		if err := r.deb(ctx, deb); err != nil {
			return fmt.Errorf("unpack %s: %w", filepath.Base(deb), err)
		}
	}
	if s.tool.GOROOT != "" {
		for _, top := range []string{"VERSION", "bin", "go.env", "lib", "pkg", "src"} {
			if err := r.tree(ctx, "usr/local/go/"+top, filepath.Join(s.tool.GOROOT, top)); err != nil {
				return fmt.Errorf("unpack the Go toolchain: %w", err)
			}
		}
	}
	// What packages do in their scripts, which nobody runs here.
	err := errors.Join(
		r.file("var/lib/dpkg/status", r.status.Bytes()),
		r.file("etc/ssl/certs/ca-certificates.crt", r.certs.Bytes()),
		r.file("etc/passwd", []byte("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n")),
		r.file("etc/group", []byte("root:x:0:\nnogroup:x:65534:\n")),
	)
	return errors.Join(err, r.tar.Close())
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

// deb adds a package.
func (r *rootfs) deb(ctx context.Context, file string) error {
	control, err := exec.CommandContext(ctx, "dpkg-deb", "--field", file).Output()
	if err != nil {
		return fmt.Errorf("dpkg-deb --field: %w", err)
	}
	fmt.Fprintf(&r.status, "%s\nStatus: install ok installed\n\n", bytes.TrimSpace(control))

	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	copyErr := r.copy(tar.NewReader(out))
	// The reader stops at the end mark; dpkg-deb wants to write the padding.
	_, drainErr := io.Copy(io.Discard, out)
	return errors.Join(copyErr, drainErr, cmd.Wait())
}

func (r *rootfs) copy(from *tar.Reader) error {
	for {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := place(h.Name)
		if name == "" || r.seen[name] || slices.ContainsFunc(unwanted, func(u string) bool { return strings.HasPrefix(name+"/", u) }) {
			continue
		}
		var content io.Reader = from
		if strings.HasPrefix(name, "usr/share/ca-certificates/") && strings.HasSuffix(name, ".crt") {
			content = io.TeeReader(from, &r.certs)
		}
		clean := &tar.Header{
			Name: name, Typeflag: h.Typeflag, Linkname: h.Linkname, Size: h.Size, Mode: h.Mode,
			Uid: h.Uid, Gid: h.Gid, ModTime: h.ModTime, Devmajor: h.Devmajor, Devminor: h.Devminor,
		}
		if h.Typeflag == tar.TypeLink {
			clean.Linkname = place(h.Linkname)
		}
		if err := r.entry(clean, content); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// tree adds a folder or file of the host, without tests.
func (r *rootfs) tree(ctx context.Context, to, from string) error {
	from, err := filepath.EvalSymlinks(from) // Debian's own Go is a folder of links
	if err != nil {
		return err
	}
	return filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		name := path.Join(to, filepath.ToSlash(rel))
		switch {
		case d.IsDir() && d.Name() == "testdata":
			return fs.SkipDir
		case d.IsDir():
			return r.dir(name)
		case !d.Type().IsRegular() || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		return r.entry(&tar.Header{
			Name: name, Typeflag: tar.TypeReg, Size: info.Size(),
			Mode: int64(0o644 | info.Mode().Perm()&0o111), ModTime: info.ModTime(),
		}, f)
	})
}

func (r *rootfs) dir(name string) error {
	if r.seen[name] {
		return nil
	}
	return r.entry(&tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Unix(0, 0)}, nil)
}

func (r *rootfs) file(name string, content []byte) error {
	return r.entry(&tar.Header{
		Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content)), ModTime: time.Unix(0, 0),
	}, bytes.NewReader(content))
}

func (r *rootfs) entry(h *tar.Header, content io.Reader) error {
	r.seen[h.Name] = true
	h.Format = tar.FormatPAX
	if err := r.tar.WriteHeader(h); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	_, err := io.Copy(r.tar, content)
	return err
}
