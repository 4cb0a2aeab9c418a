package docker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	account "os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// advise adds advice to an error.
func advise(err error, advice string) *hint.Error { return &hint.Error{Err: err, Advice: advice} }

// silent is the error of a daemon that has not answered within patience.
func (e *Engine) silent(patience time.Duration) error {
	err := fmt.Errorf("no answer within %v", patience)
	at := e.wire.lastAttempt()
	switch {
	case e.wire.ssh && at.failed != nil:
		return e.daemon.failing(overSSH(at.failed, e.daemon.Host))
	case e.wire.ssh:
		return e.daemon.failing(advise(err, "find out what holds it up: "+byHand(e.daemon.Host)))
	case at.address != "" && at.failed == nil:
		return e.daemon.failing(advise(err, "the daemon accepts connections but does not answer: see its log (journalctl -u docker)"))
	}
	return e.daemon.failing(advise(err, "no connection can be made: check that the machine is running and can be reached, or "+e.daemon.correct()))
}

// unreachable is the error of a daemon that could not be asked who it is, or
// has refused to say. What to do about it follows from the error alone.
func (e *Engine) unreachable(ctx context.Context, err error) error {
	if client.IsErrConnectionFailed(err) {
		at := e.wire.lastAttempt()
		if at.address == "" && !e.wire.ssh {
			// A client of the caller's own has connections of its own: make
			// one here.
			if conn, dialErr := e.wire.dial(ctx, "tcp", strings.TrimPrefix(e.daemon.Host, "tcp://")); dialErr == nil {
				conn.Close()
			}
			at = e.wire.lastAttempt()
		}
		if at.failed != nil {
			return e.daemon.failing(e.unconnected(at))
		}
	}
	return e.daemon.failing(e.refused(ctx, err))
}

// unconnected says why there is no connection, and what to do.
func (e *Engine) unconnected(at attempt) *hint.Error {
	correct := e.daemon.correct()
	if e.wire.ssh {
		return overSSH(at.failed, e.daemon.Host)
	}
	if path, ok := strings.CutPrefix(e.daemon.Host, "unix://"); ok {
		return offSocket(at.failed, path, correct)
	}
	if e.proxied(at) {
		return throughProxy(at.failed, at.address)
	}
	if unknown, ok := errors.AsType[*net.DNSError](at.failed); ok {
		if unknown.IsNotFound {
			return advise(at.failed, fmt.Sprintf("there is no host %s: %s", unknown.Name, correct))
		}
		return advise(at.failed, "check how names are looked up (/etc/resolv.conf), or "+correct)
	}
	if errors.Is(at.failed, syscall.ECONNREFUSED) {
		return advise(errors.New("nothing listens there"), "start the daemon that should listen on this port, or "+correct)
	}
	if _, malformed := errors.AsType[*net.AddrError](at.failed); malformed {
		return advise(at.failed, correct)
	}
	return advise(at.failed, "check that the machine is running and can be reached, or "+correct)
}

// proxied says that a connection did not go to the daemon's own host.
func (e *Engine) proxied(at attempt) bool {
	u, err := url.Parse(e.daemon.Host)
	to, _, splitErr := net.SplitHostPort(at.address)
	return err == nil && splitErr == nil && u.Scheme != "unix" && u.Scheme != "ssh" && u.Hostname() != to
}

func throughProxy(err error, proxy string) *hint.Error {
	return advise(fmt.Errorf("through the proxy %s: %w", proxy, err), "correct HTTP_PROXY and HTTPS_PROXY, or put the daemon's host into NO_PROXY")
}

// offSocket says what is wrong with a unix socket.
func offSocket(err error, path, correct string) *hint.Error {
	info, statErr := os.Stat(path)
	start := "start the daemon that should listen there"
	if "unix://"+path == client.DefaultDockerHost {
		start = "start Docker (systemctl start docker)"
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return advise(fmt.Errorf("there is no %s", path), start+", or "+correct)
	case errors.Is(err, fs.ErrPermission) && statErr != nil:
		return advise(fmt.Errorf("no access to the folder of %s", path), "ask its owner for access, or "+correct)
	case errors.Is(err, fs.ErrPermission):
		return advise(fmt.Errorf("no access to %s", path), admission(info))
	case statErr == nil && info.Mode().Type() != fs.ModeSocket:
		return advise(fmt.Errorf("%s is not a socket", path), correct)
	case errors.Is(err, syscall.ECONNREFUSED):
		return advise(fmt.Errorf("nothing listens on %s", path), start+", or "+correct)
	}
	return advise(err, correct)
}

// admission says who may use a socket, and how one becomes such.
func admission(info fs.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode().Perm()&0o020 == 0 {
		return "only its owner may use it: run as that user (sudo)"
	}
	group := strconv.FormatUint(uint64(stat.Gid), 10)
	if g, err := account.LookupGroupId(group); err == nil {
		group = g.Name
	}
	return fmt.Sprintf("add yourself to the group that owns the socket (usermod -aG %s $USER, then log in again)", group)
}

// overSSH says why an ssh process ended.
func overSSH(err error, host string) *hint.Error {
	if errors.Is(err, exec.ErrNotFound) {
		return advise(err, "install an ssh client, such as Debian's package openssh-client")
	}
	// The library wraps what ssh said in guesses of its own.
	if _, said, ok := strings.Cut(err.Error(), "stderr="); ok && strings.TrimSpace(said) != "" {
		err = errors.New(strings.Join(strings.Fields(said), " "))
	}
	return advise(err, "fix that until this works: "+byHand(host))
}

// byHand is the command that shows people what goes on between here and there.
func byHand(host string) string {
	if u, err := url.Parse(host); err == nil {
		u.Path = ""
		host = u.String()
	}
	return "ssh " + host + " docker version"
}

// refused says what to do about what a daemon has answered, or something else
// that listens where a daemon should.
func (e *Engine) refused(ctx context.Context, err error) *hint.Error {
	untrusted, _ := errors.AsType[*tls.CertificateVerificationError](err)
	noTLS, _ := errors.AsType[tls.RecordHeaderError](err)
	remote, _ := errors.AsType[*net.OpError](err)
	if at := e.wire.lastAttempt(); e.proxied(at) {
		return throughProxy(err, at.address)
	}
	switch {
	case errors.Is(err, http.ErrSchemeMismatch) || noTLS.Msg != "":
		return advise(err, "what listens there does not speak TLS: "+e.daemon.withoutTLS())
	case untrusted != nil:
		return advise(err, "the daemon's certificate was not accepted: "+e.daemon.correctTLS())
	case remote != nil && remote.Op == "remote error": // an alert, which has no type of its own
		return advise(err, "the daemon did not accept the client's certificate: "+e.daemon.correctTLS())
	case wantsHTTPS.in(err), wantsTLS.in(err):
		return advise(err, "the daemon wants TLS: "+e.daemon.correctTLS())
	case errdefs.IsInvalidArgument(err) || errdefs.IsNotFound(err):
		return e.refusedVersion(ctx, err)
	case errdefs.IsUnauthorized(err) || errdefs.IsPermissionDenied(err):
		return advise(err, "ask whoever runs this daemon for access, or "+e.daemon.correct())
	case errdefs.IsInternal(err) || errdefs.IsUnavailable(err):
		return advise(err, "see the daemon's log (journalctl -u docker)")
	}
	return advise(err, "check that a Docker daemon listens there, or "+e.daemon.correct())
}

// refusedVersion tells apart why a daemon takes no request of the API's version.
func (e *Engine) refusedVersion(ctx context.Context, err error) *hint.Error {
	if e.daemon.override != "" {
		return advise(fmt.Errorf("%s=%s: %w", client.EnvOverrideAPIVersion, e.daemon.override, err),
			"unset DOCKER_API_VERSION to have the version agreed on with the daemon")
	}
	ping, _ := e.api.Ping(ctx) // a daemon that refuses it names its version all the same
	switch {
	case ping.APIVersion == "":
		return advise(err, "what answers there is not a Docker daemon that this program knows: "+e.daemon.correct())
	case versions.LessThan(ping.APIVersion, oldestAPI):
		return advise(err, tooOld)
	}
	return advise(err, "the daemon and this program have no version of the API in common: update one of them")
}

const (
	oldestAPI = "1.24" // that the client speaks at all
	goodAPI   = "1.41" // Docker 20.10, the oldest that the lab is made for
	tooOld    = "update Docker: the lab needs 20.10 or later"
)

// age checks the version of the API that was agreed on.
func (e *Engine) age(server string) error {
	agreed := e.api.ClientVersion()
	switch {
	case e.daemon.override != "":
		return nil // it was asked for
	case versions.LessThan(agreed, oldestAPI):
		return e.daemon.failing(advise(fmt.Errorf("version %s speaks only API %s", server, agreed), tooOld))
	case versions.LessThan(agreed, goodAPI):
		e.log.Warn("the daemon is older than the lab supports", "version", server, "api", agreed)
	}
	return nil
}
