// Package debian fetches packages of any Debian suite with the host's own apt, in
// a folder of its own, as if on an empty system: the host's packages and lists
// are neither read nor changed, nothing is installed, and no privilege is needed.
package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// Arch is a kernel's architecture in Debian's and Go's words.
func Arch(machine string) (string, error) {
	switch machine {
	case "x86_64", "amd64":
		return "amd64", nil
	case "aarch64", "arm64":
		return "arm64", nil
	}
	return "", fmt.Errorf("unknown architecture %s", machine)
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// Request is what is to be fetched.
type Request struct {
	Suite    string   // such as bookworm
	Arch     string   // in Debian's words
	Packages []string // by name; what they depend on comes too
	Dir      string   // an empty folder for apt, and for what it fetches
	Log      func(string)
}

// Download fetches packages and all that they need. apt resolves and checks
// signatures.
func Download(ctx context.Context, r Request) (debs []string, err error) {
	s, err := Open(ctx, r)
	if err != nil {
		return nil, err
	}
	return s.Fetch(ctx, nil, r.Packages...)
}

// Source is a suite as its mirror has it when it is opened.
type Source struct {
	dir string
	log func(string)
}

// Open reads what a suite has. The request's packages are left for later.
func Open(ctx context.Context, r Request) (*Source, error) {
	if err := Available(); err != nil {
		return nil, err
	}
	if err := room(r.Dir, leastRoom); err != nil {
		return nil, err // without any, apt would try again and again
	}
	if err := r.isolate(ctx); err != nil {
		return nil, err
	}
	r.Log("apt-get update (" + r.Suite + ", " + r.Arch + ")")
	return &Source{dir: r.Dir, log: r.Log}, apt(ctx, r.Dir, "update")
}

// Lacks lists those of the packages that the suite does not have, or has in a
// state in which nobody can install them. That all are there and do not go together
// is an error.
func (s *Source) Lacks(ctx context.Context, packages ...string) ([]string, error) {
	together := apt(ctx, s.dir, append([]string{"install", "--simulate"}, packages...)...)
	if together == nil {
		return nil, nil
	}
	var lacks []string
	for _, p := range packages {
		if apt(ctx, s.dir, "install", "--simulate", p) != nil {
			lacks = append(lacks, p)
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if len(lacks) == 0 || len(lacks) == len(packages) {
		return nil, together
	}
	return lacks, nil
}

// Fetch fetches packages and all that they need. have is dpkg's list of what is
// there already, as Unpack leaves it: of that nothing comes a second time, unless
// a package needs a newer one. The next call removes what came.
func (s *Source) Fetch(ctx context.Context, have []byte, packages ...string) (debs []string, err error) {
	if err := os.WriteFile(filepath.Join(s.dir, "state/status"), have, 0o644); err != nil {
		return nil, err
	}
	return s.fetch(ctx, append([]string{"install", "--download-only"}, packages...))
}

// FetchAlone fetches these packages and nothing that they need.
func (s *Source) FetchAlone(ctx context.Context, packages ...string) (debs []string, err error) {
	return s.fetch(ctx, append([]string{"download"}, packages...))
}

func (s *Source) fetch(ctx context.Context, args []string) ([]string, error) {
	archives := filepath.Join(s.dir, "cache/archives/*.deb")
	older, err := filepath.Glob(archives)
	if err != nil {
		return nil, err
	}
	for _, deb := range older {
		if err := os.Remove(deb); err != nil {
			return nil, err
		}
	}
	var packages []string
	for _, a := range args[1:] {
		if !strings.HasPrefix(a, "-") {
			packages = append(packages, a)
		}
	}
	s.log("apt-get download " + strings.Join(packages, " "))
	if err := apt(ctx, s.dir, args...); err != nil {
		return nil, err
	}
	return filepath.Glob(archives)
}

// Available says why this machine can fetch no packages; nil: it can, if it
// reaches a mirror.
func Available() error {
	for _, tool := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return &hint.Error{
				Err:    err,
				Advice: "fetching Debian's packages needs a Debian or Ubuntu host; elsewhere bring the images here with docker pull or docker load",
			}
		}
	}
	return nil
}

// leastRoom is what a suite's lists, and apt's own cache of them, take, in bytes;
// the packages come on top.
const leastRoom = 192 << 20

// room says that a folder's disk has less left than that.
func room(dir string, least bench.Bytes) error {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return fmt.Errorf("statfs %s: %w", dir, err)
	}
	free := bench.Bytes(disk.Bavail) * bench.Bytes(disk.Bsize)
	if free >= least {
		return nil
	}
	return &hint.Error{
		Err:    fmt.Errorf("no room left in %s for Debian's packages: %v are free", dir, free),
		Advice: "make room there, or have the folder on another disk (TMPDIR, XDG_CACHE_HOME)",
	}
}

// isolate writes apt's configuration into the folder.
func (r Request) isolate(ctx context.Context) error {
	for _, d := range []string{"state/lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d"} {
		if err := os.MkdirAll(filepath.Join(r.Dir, d), 0o755); err != nil {
			return err
		}
	}
	// Of the host's settings only the way to the network is taken over.
	dump, err := exec.CommandContext(ctx, "apt-config", "dump").Output()
	if err != nil {
		return fmt.Errorf("apt-config dump: %w", err)
	}
	var conf bytes.Buffer
	for line := range strings.Lines(string(dump)) {
		if strings.HasPrefix(line, "Acquire::http") {
			conf.WriteString(line)
		}
	}
	// Check-Valid-Until: a mirror that is not renewed for a few days still has what
	// the lab wants, packages signed by Debian; which versions they are, every proof
	// says.
	fmt.Fprintf(&conf, `
Dir::State %[1]q;
Dir::State::status "%[1]s/status";
Dir::Cache "%[2]s";
Dir::Etc "%[3]s";
Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d";
APT::Architecture %[4]q;
APT::Architectures { %[4]q; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::Check-Valid-Until "false";
Debug::NoLocking "true";
`, filepath.Join(r.Dir, "state"), filepath.Join(r.Dir, "cache"), filepath.Join(r.Dir, "etc"), r.Arch)
	stanzas, lines, err := sources("/etc/apt", r.Suite)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(r.Dir, "etc/apt.conf"), conf.Bytes(), 0o644),
		os.WriteFile(filepath.Join(r.Dir, "state/status"), nil, 0o644),
		os.WriteFile(filepath.Join(r.Dir, "etc/sources.list.d/debian.sources"), stanzas, 0o644),
		os.WriteFile(filepath.Join(r.Dir, "etc/sources.list.d/debian.list"), lines, 0o644),
	)
}

// apt runs apt-get in dir.
func apt(ctx context.Context, dir string, args ...string) error {
	_, err := aptSays(ctx, dir, args...)
	return err
}

// aptSays runs apt-get in dir and gives what it prints.
func aptSays(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-qq", "-y", "-o", "APT::Update::Error-Mode=any"}, args...)...)
	cmd.Dir = filepath.Join(dir, "cache/archives") // where "download" puts what it fetches
	// With Dir::Etc set there, apt does not read the host's files.
	cmd.Env = append(os.Environ(), "APT_CONFIG="+filepath.Join(dir, "etc/apt.conf"), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return string(out), nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	}
	if err := room(dir, 1<<20); err != nil {
		return "", err
	}
	var why []string
	for line := range strings.Lines(string(out)) {
		if e, ok := strings.CutPrefix(line, "E: "); ok {
			why = append(why, strings.TrimSpace(e))
		}
	}
	if len(why) > 3 {
		why = why[:3]
	}
	return "", &hint.Error{
		Err:    fmt.Errorf("apt-get %s: %w: %s", args[0], err, strings.Join(why, "; ")),
		Advice: "Debian's packages come over http from deb.debian.org: check the network and http_proxy, or bring the public images here with docker load",
	}
}
