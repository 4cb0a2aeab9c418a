package docker

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	account "os/user"
	"path/filepath"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/cli/cli/config"
	dcontext "github.com/docker/cli/cli/context"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/cli/opts"
	"github.com/docker/docker/client"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// What the docker command reads beside the names that package client has.
const (
	envContext     = "DOCKER_CONTEXT"
	envTLS         = "DOCKER_TLS"
	defaultContext = "default" // the environment alone, not a stored one
)

// endpoint is the daemon to talk to. It is chosen as the docker command chooses
// it, or else docker ps would show another daemon's containers than ours.
type endpoint struct {
	docker.Endpoint
	context  string            // defaultContext where none is stored under its name
	chosen   string            // what chose it: a variable or configFile; empty: nothing did
	certs    string            // for people: where its TLS files are from; empty: it has none
	override string            // DOCKER_API_VERSION
	dir      string            // of the docker command's settings
	headers  map[string]string // to be sent with every request
}

// configFile is what chooses where no variable does.
const configFile = "currentContext"

// choose reads the environment: DOCKER_HOST comes first, then DOCKER_CONTEXT,
// then the context that docker context use has set.
func choose(log *slog.Logger) (endpoint, error) {
	ep := endpoint{context: defaultContext, dir: configDir(), override: os.Getenv(client.EnvOverrideAPIVersion)}
	settings, err := config.Load(ep.dir)
	if err != nil {
		// The docker command warns and goes on as well.
		log.Warn("the docker command's settings cannot be read: its contexts are ignored", "error", err)
	}
	ep.headers = settings.HTTPHeaders
	host, named := os.Getenv(client.EnvOverrideHost), os.Getenv(envContext)
	switch {
	case host != "":
		ep.chosen = client.EnvOverrideHost
	case named != "":
		ep.context, ep.chosen = named, envContext
	case settings.CurrentContext != "":
		ep.context, ep.chosen = settings.CurrentContext, configFile
	}
	if ep.context == defaultContext {
		if host == "" {
			ep.chosen = ""
		}
		return ep, ep.fromEnvironment(host)
	}
	return ep, ep.fromStore()
}

// configDir is where the docker command keeps its settings.
func configDir() string {
	if dir := os.Getenv(config.EnvOverrideConfigDir); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		if u, err := account.Current(); err == nil {
			home = u.HomeDir
		}
	}
	return filepath.Join(home, ".docker")
}

// fromEnvironment takes the address and the TLS files from variables.
func (ep *endpoint) fromEnvironment(host string) error {
	verify := os.Getenv(client.EnvTLSVerify) != ""
	tls := verify || os.Getenv(envTLS) != ""
	var err error
	if ep.Host, err = opts.ParseHost(tls, host); err != nil {
		return unusable(fmt.Errorf("%s: %w", client.EnvOverrideHost, err), ep.correct())
	}
	if !tls {
		return nil
	}
	ep.certs = cmp.Or(os.Getenv(client.EnvOverrideCertPath), ep.dir)
	ep.SkipTLSVerify = !verify
	file := func(name string) string { return filepath.Join(ep.certs, name) }
	optional := func(name string) string {
		if _, err := os.Stat(file(name)); errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		return file(name)
	}
	if ep.TLSData, err = dcontext.TLSDataFromFiles(file("ca.pem"), optional("cert.pem"), optional("key.pem")); err != nil {
		return unusable(fmt.Errorf("TLS: %w", err), ep.correctTLS())
	}
	return nil
}

// fromStore takes them from the context of that name.
func (ep *endpoint) fromStore() error {
	s := store.New(filepath.Join(ep.dir, "contexts"), store.NewConfig(nil,
		store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return &docker.EndpointMeta{} })))
	meta, err := s.GetMetadata(ep.context)
	switch {
	case errdefs.IsNotFound(err):
		return unusable(err, "docker context ls lists them: "+ep.correct())
	case err != nil:
		return unusable(err, fmt.Sprintf("recreate it (docker context rm %s, docker context create), or %s", ep.context, ep.correct()))
	}
	if ep.EndpointMeta, err = docker.EndpointFromContext(meta); err == nil {
		ep.Endpoint, err = docker.WithTLSData(s, ep.context, ep.EndpointMeta)
	}
	if err != nil {
		return unusable(fmt.Errorf("context %q: %w", ep.context, err),
			fmt.Sprintf("set its endpoint (docker context update %s --docker host=...), or %s", ep.context, ep.correct()))
	}
	if ep.TLSData != nil || ep.SkipTLSVerify {
		ep.certs = fmt.Sprintf("context %q", ep.context)
	}
	return nil
}

// unusable is the error of an endpoint that is none, with what to do about it.
func unusable(err error, advice string) error {
	return &hint.Error{Err: fmt.Errorf("docker: %w", err), Advice: advice}
}

// failing is the error of an endpoint that does not serve.
func (ep *endpoint) failing(why *hint.Error) error {
	host := ep.Host
	if u, parseErr := url.Parse(host); parseErr == nil && u.User != nil {
		host = u.Redacted()
	}
	return &hint.Error{Err: fmt.Errorf("docker at %s: %w", host, why.Err), Advice: why.Advice}
}

// correct says how another daemon is chosen.
func (ep *endpoint) correct() string {
	switch ep.chosen {
	case client.EnvOverrideHost:
		if host := strings.TrimSpace(os.Getenv(client.EnvOverrideHost)); strings.HasPrefix(host, "/") {
			return "write DOCKER_HOST=unix://" + host + " if it is a socket, or unset DOCKER_HOST"
		}
		return "correct or unset DOCKER_HOST"
	case envContext:
		return fmt.Sprintf("correct or unset DOCKER_CONTEXT (it is %q)", ep.context)
	case configFile:
		return fmt.Sprintf("choose another context than %q (docker context use default, or set DOCKER_CONTEXT)", ep.context)
	}
	return "set DOCKER_HOST or DOCKER_CONTEXT if it listens elsewhere"
}

// correctTLS says how the TLS files are mended.
func (ep *endpoint) correctTLS() string {
	switch {
	case ep.context != defaultContext:
		return fmt.Sprintf("correct the TLS files of context %q (docker context update %[1]s --docker host=...,ca=...,cert=...,key=...)", ep.context)
	case ep.certs == "":
		return "set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder with ca.pem, cert.pem and key.pem"
	case os.Getenv(client.EnvOverrideCertPath) == "":
		return "set DOCKER_CERT_PATH to the folder with ca.pem, cert.pem and key.pem, or " + ep.withoutTLS()
	}
	return fmt.Sprintf("correct DOCKER_CERT_PATH (%s), or %s", ep.certs, ep.withoutTLS())
}

// withoutTLS says how TLS is left out.
func (ep *endpoint) withoutTLS() string {
	if ep.context != defaultContext {
		return fmt.Sprintf("recreate context %q without TLS files", ep.context)
	}
	var asked []string
	for _, name := range []string{client.EnvTLSVerify, envTLS} {
		if os.Getenv(name) != "" {
			asked = append(asked, name)
		}
	}
	return "unset " + strings.Join(asked, " and ")
}

// connect makes the client. It does not talk to the daemon yet.
func (ep *endpoint) connect() (*client.Client, *wire, error) {
	options, err := ep.ClientOpts()
	if err != nil {
		advice := ep.correct()
		if ep.certs != "" {
			advice = ep.correctTLS()
		}
		return nil, nil, ep.failing(advise(err, advice))
	}
	if len(ep.headers) > 0 {
		options = append(options, client.WithHTTPHeaders(ep.headers))
	}
	ep.Host = cmp.Or(ep.Host, client.DefaultDockerHost)
	w, err := newWire(ep.Host)
	var api *client.Client
	if err == nil {
		api, err = client.NewClientWithOpts(append(options, client.WithDialContext(w.dial))...)
	}
	if err != nil {
		return nil, nil, ep.failing(advise(err, ep.correct()))
	}
	return api, w, nil
}
