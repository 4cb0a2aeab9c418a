package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// standIn is an image of our own in the place of a public one that cannot be
// had: Debian packages for debian:SUITE, and the host's Go toolchain as well
// for golang:VERSION-SUITE.
type standIn struct {
	public   string // such as golang:1.26-bookworm
	image    string // such as stair-stepper/golang:1.26-bookworm
	suite    string
	packages []string  // sorted
	tool     toolchain // zero: none
}

// toolchain is the host's Go.
type toolchain struct {
	GOROOT, GOVERSION, GOARCH, GOOS string
}

// recipe changes whenever download or pack make another image from the same
// packages.
const recipe = "1"

// What an image needs to run the shell lines of a Dockerfile. dpkg is there to
// answer which packages are.
var minimal = []string{"base-files", "ca-certificates", "coreutils", "dash", "dpkg", "findutils", "grep", "libc-bin", "sed"}

// What our Dockerfiles ask for, all together, so that one stand-in serves every
// choice of variants.
var (
	buildPackages = []string{"gcc", "libc6-dev", "libjemalloc-dev", "musl-tools"}
	runPackages   = []string{"libc6", "libjemalloc2"}
)

var (
	golangImage = regexp.MustCompile(`^(?:docker\.io/)?(?:library/)?golang:(\d+\.\d+)(?:\.\d+)?-([a-z]+)$`)
	debianImage = regexp.MustCompile(`^(?:docker\.io/)?(?:library/)?debian:([a-z]+)(?:-slim)?$`)
)

// newStandIn plans a stand-in for a public image.
func newStandIn(ctx context.Context, public string, packages []string) (*standIn, error) {
	// A digest pins what a registry gives, and no registry gives this.
	public, _, _ = strings.Cut(public, "@")
	_, name, _ := strings.Cut("/"+public, "/")
	s := &standIn{public: public, image: "stair-stepper/" + name[strings.LastIndexByte(name, '/')+1:]}
	if m := debianImage.FindStringSubmatch(public); m != nil {
		s.suite = m[1]
		s.packages = words(append(append(packages, minimal...), runPackages...)...)
		return s, nil
	}
	m := golangImage.FindStringSubmatch(public)
	if m == nil {
		return nil, errors.New("only debian:SUITE and golang:VERSION-SUITE can be made here")
	}
	s.suite = m[2]
	s.packages = words(append(append(packages, minimal...), buildPackages...)...)
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", "env", "-json", "GOROOT", "GOVERSION", "GOARCH", "GOOS").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, noGo(err)
	}
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	if err := json.Unmarshal(out, &s.tool); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	if v := s.tool.GOVERSION + "."; !strings.HasPrefix(v, "go"+m[1]+".") {
		return nil, &hint.Error{
			Err:    fmt.Errorf("this machine has %s", s.tool.GOVERSION),
			Advice: "install Go " + m[1] + ", or change BUILD_BASE in the Dockerfiles",
		}
	}
	return s, nil
}

// add asks for more packages.
func (s *standIn) add(packages string) { s.packages = words(append(s.packages, packages)...) }

// fits says that an image with these labels is what s would make.
func (s *standIn) fits(labels map[string]string) bool {
	has := strings.Fields(labels[labelPackages])
	for _, p := range s.packages {
		if !slices.Contains(has, p) {
			return false
		}
	}
	return labels[labelBase] == s.public && labels[labelGo] == s.tool.GOVERSION && labels[labelRecipe] == recipe
}

func (s *standIn) labels() map[string]string {
	return map[string]string{
		labelBase:     s.public,
		labelGo:       s.tool.GOVERSION,
		labelRecipe:   recipe,
		labelPackages: strings.Join(s.packages, " "),
	}
}

func (s *standIn) path() string {
	const system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	if s.tool.GOROOT != "" {
		return "/usr/local/go/bin:" + system
	}
	return system
}

// debianArch is a kernel's architecture in Debian's and Go's words.
func debianArch(machine string) (string, error) {
	switch machine {
	case "x86_64", "amd64":
		return "amd64", nil
	case "aarch64", "arm64":
		return "arm64", nil
	}
	return "", fmt.Errorf("unknown architecture %s", machine)
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// download fetches the packages and all that they need, for the machine that
// the daemon runs on. apt resolves, fetches and checks signatures in a folder
// of its own, as if on an empty system: the host's packages and lists are
// neither read nor changed, and no privilege is needed. cleanup removes the
// folder.
func (s *standIn) download(ctx context.Context, folders *runs.Folders, machine string, log func(string)) (debs []string, cleanup func(), err error) {
	arch, err := debianArch(machine)
	if err != nil {
		return nil, nil, err
	}
	if s.tool.GOROOT != "" && (s.tool.GOARCH != arch || s.tool.GOOS != "linux") {
		return nil, nil, fmt.Errorf("this machine's Go is for %s/%s, the engine runs linux/%s", s.tool.GOOS, s.tool.GOARCH, arch)
	}
	for _, tool := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, nil, &hint.Error{
				Err:    err,
				Advice: "making base images needs a Debian or Ubuntu host; elsewhere bring " + s.public + " here with docker pull or docker load",
			}
		}
	}
	dir, err := folders.Temp("apt-")
	if err != nil {
		return nil, nil, err
	}
	cleanup = func() { os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			cleanup()
		}
	}()
	if err := s.isolate(ctx, dir, arch); err != nil {
		return nil, nil, err
	}
	log("apt-get update (" + s.suite + ", " + arch + ")")
	if err := apt(ctx, dir, "update"); err != nil {
		return nil, nil, err
	}
	log("apt-get download " + strings.Join(s.packages, " "))
	if err := apt(ctx, dir, append([]string{"install", "--download-only"}, s.packages...)...); err != nil {
		return nil, nil, err
	}
	debs, err = filepath.Glob(filepath.Join(dir, "cache/archives/*.deb"))
	return debs, cleanup, err
}

// isolate writes apt's configuration into dir.
func (s *standIn) isolate(ctx context.Context, dir, arch string) error {
	for _, d := range []string{"state/lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
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
Debug::NoLocking "true";
`, filepath.Join(dir, "state"), filepath.Join(dir, "cache"), filepath.Join(dir, "etc"), arch)
	stanzas, lines, err := s.sources("/etc/apt")
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "etc/apt.conf"), conf.Bytes(), 0o644),
		os.WriteFile(filepath.Join(dir, "state/status"), nil, 0o644),
		os.WriteFile(filepath.Join(dir, "etc/sources.list.d/debian.sources"), stanzas, 0o644),
		os.WriteFile(filepath.Join(dir, "etc/sources.list.d/debian.list"), lines, 0o644),
	)
}

// apt runs apt-get in dir.
func apt(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-qq", "-y", "-o", "APT::Update::Error-Mode=any"}, args...)...)
	// With Dir::Etc set there, apt does not read the host's files.
	cmd.Env = append(os.Environ(), "APT_CONFIG="+filepath.Join(dir, "etc/apt.conf"), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
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
	return &hint.Error{
		Err:    fmt.Errorf("apt-get %s: %w: %s", args[0], err, strings.Join(why, "; ")),
		Advice: "Debian's packages come over http from deb.debian.org: check the network and http_proxy, or bring the public images here with docker load",
	}
}
