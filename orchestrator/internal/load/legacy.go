package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// maxCauses bounds the servers that are asked why they have no common TLS with
// us.
const maxCauses = 100

// causes are why there is no common TLS with servers. A server that finds none
// says no more than that, so each is asked once more, in whatever TLS there is:
// what it chooses then is what it lacks. Nothing is sent over that connection.
type causes struct {
	mu    sync.Mutex
	known map[string]*cause // by the key of the route
}

type cause struct {
	once sync.Once
	hint string
}

// of gives the entry of a server, or nil where there are too many.
func (c *causes) of(key string) *cause {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := c.known[key]
	if entry == nil && len(c.known) < maxCauses {
		if c.known == nil {
			c.known = map[string]*cause{}
		}
		entry = &cause{}
		c.known[key] = entry
	}
	return entry
}

// explain adds to an error of TLS what the server lacks, where the error does not
// say so itself.
func (d *dialer) explain(ctx context.Context, r *route, deadline time.Time, err error) error {
	var refused *tlsError
	if !errors.As(err, &refused) || hint.Of(err) != "" {
		return err
	}
	if d.tls.InsecureSkipVerify { // there is nothing more to offer
		if isAlert(err) {
			err = &tlsError{hint.With(refused.err, nothingFits)}
		}
		return err
	}
	entry := d.causes.of(r.key)
	if entry == nil {
		return err
	}
	entry.once.Do(func() {
		lax := dialer{dial: d.dial, names: d.names, tls: tlsConfig(true)}
		nc, plain, err := lax.connect(ctx, r, deadline)
		if err != nil {
			entry.hint = hint.Of(err)
			return
		}
		_ = plain.Close()
		if c, isSecure := nc.(*secureConn); isSecure {
			entry.hint = lack(c.ConnectionState())
		}
	})
	if entry.hint == "" {
		return err
	}
	return &tlsError{hint.With(refused.err, entry.hint)}
}

// nothingFits is what is known of a server that refuses all that is offered. The
// reason it has to itself.
const nothingFits = "the server refuses all of TLS 1.0 to 1.3 that is offered, and --no-check-certificate does not change that: " +
	"it may have only ciphers that are not supported here (DHE, Camellia, pre-shared keys), or no certificate for this name"

// isAlert says that the server refused.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// lack says what is old about a connection; nothing if it is not.
func lack(state tls.ConnectionState) string {
	name := tls.CipherSuiteName(state.CipherSuite)
	switch {
	case state.Version < tls.VersionTLS12:
		return fmt.Sprintf("the server speaks only %s; --no-check-certificate accepts it", tls.VersionName(state.Version))
	case strings.HasPrefix(name, "TLS_RSA_"):
		return fmt.Sprintf("the server has only RSA key exchange (%s); --no-check-certificate accepts it", name)
	}
	for _, suite := range tls.InsecureCipherSuites() {
		if suite.ID == state.CipherSuite {
			return fmt.Sprintf("the server has only old cipher suites (%s); --no-check-certificate accepts them", name)
		}
	}
	return ""
}
