package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/debian"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// standIn is an image of our own in the place of a public one that cannot be
// had: Debian packages for debian:SUITE, and the host's Go toolchain as well
// for golang:VERSION-SUITE.
type standIn struct {
	public   string // such as golang:1.26-bookworm
	image    string // such as stair-stepper/golang:1.26-bookworm
	suite    string
	packages []string          // sorted
	tool     toolchain         // zero: none
	older    map[string]string // the labels of the one that it takes the place of; nil: none is there
	lacks    []string          // packages that the suite turned out not to have
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
// choice of variants. For running that is libc and what is small of the table of
// allocators.
var buildPackages = []string{"gcc", "libc6-dev", "libjemalloc-dev", "musl-tools"}

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
		s.packages = words(append(append(packages, minimal...), append(variant.SmallPackages(s.suite), "libc6")...)...)
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

// download fetches the packages and all that they need, for the machine that the
// daemon runs on. Those that the suite does not have are left out, and none at all
// come if the older stand-in then has the rest. cleanup removes what was fetched.
func (s *standIn) download(ctx context.Context, folders *runs.Folders, machine string, log func(string)) (debs []string, cleanup func(), err error) {
	arch, err := debian.Arch(machine)
	if err != nil {
		return nil, nil, err
	}
	if s.tool.GOROOT != "" && (s.tool.GOARCH != arch || s.tool.GOOS != "linux") {
		return nil, nil, fmt.Errorf("this machine's Go is for %s/%s, the engine runs linux/%s", s.tool.GOOS, s.tool.GOARCH, arch)
	}
	dir, err := folders.Temp("apt-")
	if err != nil {
		return nil, nil, err
	}
	cleanup = func() { os.RemoveAll(dir) }
	debs, err = s.fetch(ctx, debian.Request{Suite: s.suite, Arch: arch, Dir: dir, Log: log})
	if err != nil {
		cleanup()
		return nil, nil, fmt.Errorf("%s: %w", s.public, err)
	}
	return debs, cleanup, nil
}

func (s *standIn) fetch(ctx context.Context, r debian.Request) ([]string, error) {
	source, err := debian.Open(ctx, r)
	if err != nil {
		return nil, err
	}
	s.lacks, err = source.Lacks(ctx, s.packages...)
	if err != nil {
		return nil, err
	}
	s.packages = slices.DeleteFunc(s.packages, func(p string) bool { return slices.Contains(s.lacks, p) })
	if s.older != nil && s.fits(s.older) {
		return nil, nil
	}
	return source.Fetch(ctx, nil, s.packages...)
}
