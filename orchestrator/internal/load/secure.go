package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// tlsError is a server that is not trusted, that no common language was found
// with, or that does not trust us.
type tlsError struct{ err error }

func (e *tlsError) Error() string { return "tls: " + strings.TrimPrefix(e.err.Error(), "tls: ") }

func (e *tlsError) Unwrap() error { return e.err }

// tlsConfig is what is asked of servers. Insecure accepts whatever the library
// can speak: any certificate, old versions, and cipher suites that it offers to
// nobody by itself.
func tlsConfig(insecure bool) *tls.Config {
	if !insecure {
		return &tls.Config{}
	}
	conf := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}
	for _, list := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, suite := range list {
			conf.CipherSuites = append(conf.CipherSuites, suite.ID)
		}
	}
	return conf
}

// secureConn speaks TLS. What goes wrong with TLS itself is a *tlsError whenever
// it comes: from TLS 1.3 on a server says only after the handshake that it wants
// a certificate, or does not like one.
type secureConn struct {
	*tls.Conn
	asked bool // the server asked for a certificate, and was given none
	heard bool // it has sent something since
}

// secure speaks TLS over a connection. A server that hangs up or is too slow is
// not one that cannot be trusted: classify tells them apart.
func (d *dialer) secure(ctx context.Context, nc net.Conn, name string) (net.Conn, error) {
	c := &secureConn{}
	conf := d.tls.Clone()
	conf.ServerName = name
	conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		c.asked = true
		return &tls.Certificate{}, nil
	}
	c.Conn = tls.Client(nc, conf)
	err := c.failed(c.HandshakeContext(ctx))
	var known *tlsError
	switch {
	case err == nil:
		return c, nil
	case errors.As(err, &known):
		return nil, err
	}
	return nil, &connectError{err}
}

// Read reads as net.Conn does.
func (c *secureConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.heard = c.heard || n > 0
	return n, c.failed(err)
}

// Write writes as net.Conn does. What the server has said of the reason is for
// Read to find, maybe at the same time: nothing that it uses is looked at here.
func (c *secureConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if err != nil && !broke(err) {
		err = &tlsError{err}
	}
	return n, err
}

// failed tells trouble of TLS from that of the connection. A server that asked for
// a certificate and hangs up before it says anything more does so for want of it:
// the alert that should say so is easily lost.
func (c *secureConn) failed(err error) error {
	hungUp := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	switch {
	case err == nil:
		return nil
	case hungUp && c.asked && !c.heard:
	case broke(err):
		return err
	}
	if advice := c.advice(err); advice != "" {
		err = hint.With(err, advice)
	}
	return &tlsError{err}
}

// broke says that a connection failed below TLS.
func broke(err error) bool {
	var errno syscall.Errno
	return gone(err) || errors.As(err, &errno)
}

// advice names the cause of an error of TLS where the error tells it.
func (c *secureConn) advice(err error) string {
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &verify):
		return certificateHint(verify.Err)
	case errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/":
		return "the server speaks HTTP without TLS: write http:// instead of https://"
	case c.asked && !c.heard:
		return "the server asks for a client certificate, and none is sent"
	}
	return ""
}

// certificateHint says why a certificate is not accepted.
func certificateHint(err error) string {
	const accepts = "; --no-check-certificate accepts it"
	var host x509.HostnameError
	var signer x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &host) && len(host.Certificate.DNSNames)+len(host.Certificate.IPAddresses) == 0 && host.Certificate.Subject.CommonName != "":
		return "the certificate names a host only in its common name" + accepts
	case errors.As(err, &host):
		return "the certificate is for another host" + accepts
	case errors.As(err, &signer):
		return "no authority that this machine trusts has signed the certificate" + accepts
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired, or is not valid yet" + accepts
	}
	return "the certificate is not accepted" + accepts
}
