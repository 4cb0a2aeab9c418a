package debian

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// Reach says why the packages of a suite cannot be had now; nil: its mirror has
// them. It asks apt where it would look, and the mirror for the head of one file.
// Nothing is fetched, and nothing is left.
func Reach(ctx context.Context, suite string) error {
	if err := Available(); err != nil {
		return err
	}
	arch, err := Arch(runtime.GOARCH)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "stair-stepper-debian-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := (Request{Suite: suite, Arch: arch, Dir: dir}).isolate(ctx); err != nil {
		return err
	}
	listed, err := aptSays(ctx, dir, "update", "--print-uris", "--quiet=1") // with -qq alone it prints nothing
	if err != nil {
		return err
	}
	address := release(listed, suite)
	if address == "" {
		return fmt.Errorf("apt's sources name no mirror that has %s", suite)
	}
	return answers(ctx, address)
}

// printed is a line of apt-get update --print-uris.
var printed = regexp.MustCompile(`(?m)^'([^']+/(?:In)?Release)' `)

// release finds, in what apt would fetch, the file that a suite begins with.
func release(listed, suite string) string {
	for _, m := range printed.FindAllStringSubmatch(listed, -1) {
		if strings.Contains(m[1], "/dists/"+suite+"/") {
			return m[1]
		}
	}
	return ""
}

// answers asks for a file and takes nothing of it.
func answers(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	switch u.Scheme {
	case "http", "https":
	case "file":
		_, err := os.Stat(u.Path)
		return err
	default:
		return fmt.Errorf("%s is an address that apt alone can try", address)
	}
	proxy, err := aptProxy(ctx, u.Scheme)
	if err != nil {
		return err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	if proxy != nil {
		transport.Proxy = http.ProxyURL(proxy)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return &hint.Error{Err: unwrapped(err), Advice: "check the network, and http_proxy or apt's proxy if there is one"}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return &hint.Error{Err: fmt.Errorf("%s: %s", address, response.Status), Advice: "name a mirror that has this suite in /etc/apt, or none: then it is deb.debian.org"}
	}
	return nil
}

// unwrapped takes the method and the address off an error of net/http.
func unwrapped(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%s: %w", u.URL, u.Err)
	}
	return err
}

// ownProxy is a line of apt-config dump.
var ownProxy = regexp.MustCompile(`(?m)^Acquire::(https?)::Proxy "([^"]*)";`)

// aptProxy gives the proxy that apt's own settings name; nil: they name none, and
// the environment decides.
func aptProxy(ctx context.Context, scheme string) (*url.URL, error) {
	dump, err := exec.CommandContext(ctx, "apt-config", "dump").Output()
	if err != nil {
		return nil, fmt.Errorf("apt-config dump: %w", err)
	}
	for _, m := range ownProxy.FindAllStringSubmatch(string(dump), -1) {
		if m[1] == scheme && m[2] != "" && m[2] != "DIRECT" {
			return url.Parse(m[2])
		}
	}
	return nil, nil
}
