package docker

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
)

// certificate makes one that vouches for itself, for 127.0.0.1.
func certificate(t *testing.T) (cert *x509.Certificate, certPEM, keyPEM []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// certs makes a folder with those files that are not empty.
func certs(t *testing.T, ca, cert, key []byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string][]byte{"ca.pem": ca, "cert.pem": cert, "key.pem": key} {
		if text != nil {
			write(t, filepath.Join(dir, name), string(text))
		}
	}
	return dir
}

// TestTLS: a daemon that shows a certificate and wants one.
func TestTLS(t *testing.T) {
	known, cert, key := certificate(t)
	_, otherCert, otherKey := certificate(t)
	quiet := log.New(io.Discard, "", 0) // of handshakes that are meant to fail
	server := httptest.NewUnstartedServer(answering("5.0", "1.41"))
	server.Config.ErrorLog = quiet
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	server.TLS.ClientCAs.AddCert(known)
	server.StartTLS()
	defer server.Close()
	plain := httptest.NewServer(answering("6.0", "1.41"))
	defer plain.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	host := func(s *httptest.Server) string { return "tcp://" + s.Listener.Addr().String() }

	good, wrongCA, wrongClient, noClient := certs(t, ca, cert, key), certs(t, otherCert, cert, key), certs(t, ca, otherCert, otherKey), certs(t, ca, nil, nil)
	stored := t.TempDir()
	for name, c := range map[string]struct {
		host  string
		skip  bool
		files map[string][]byte
	}{
		"good":   {host(server), false, map[string][]byte{"ca.pem": ca, "cert.pem": cert, "key.pem": key}},
		"skip":   {host(server), true, map[string][]byte{"cert.pem": cert, "key.pem": key}},
		"other":  {host(server), false, map[string][]byte{"ca.pem": otherCert, "cert.pem": cert, "key.pem": key}},
		"none":   {host(server), false, nil},
		"plain":  {host(plain), false, map[string][]byte{"ca.pem": ca}},
		"broken": {host(server), false, map[string][]byte{"ca.pem": ca, "cert.pem": cert, "key.pem": []byte("no key")}},
	} {
		s := contextsIn(stored)
		endpoints := map[string]any{docker.DockerEndpoint: docker.EndpointMeta{Host: c.host, SkipTLSVerify: c.skip}}
		if err := s.CreateOrUpdate(store.Metadata{Name: name, Endpoints: endpoints}); err != nil {
			t.Fatal(err)
		}
		if c.files == nil {
			continue
		}
		if err := s.ResetEndpointTLSMaterial(name, docker.DockerEndpoint, &store.EndpointTLSData{Files: c.files}); err != nil {
			t.Fatal(err)
		}
	}

	for _, c := range []struct{ variables, text, advice string }{
		{"DOCKER_HOST=" + host(server) + " DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=" + good, "", ""},
		{"DOCKER_HOST=" + host(server) + " DOCKER_TLS_VERIFY=1 DOCKER_CONFIG=" + good, "", ""},
		{"DOCKER_HOST=" + host(server) + " DOCKER_TLS=1 DOCKER_CERT_PATH=" + wrongCA, "", ""}, // it does not verify
		{"DOCKER_CONTEXT=good DOCKER_CONFIG=" + stored, "", ""},
		{"DOCKER_CONTEXT=skip DOCKER_CONFIG=" + stored, "", ""},

		{"DOCKER_HOST=" + host(server) + " DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=" + wrongCA, "certificate", "the daemon's certificate was not accepted: correct DOCKER_CERT_PATH"},
		{"DOCKER_HOST=" + host(server) + " DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=" + wrongClient, "remote error: tls", "the daemon did not accept the client's certificate: correct DOCKER_CERT_PATH"},
		{"DOCKER_HOST=" + host(server) + " DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=" + noClient, "remote error: tls", "the daemon did not accept the client's certificate: correct DOCKER_CERT_PATH"},
		{"DOCKER_HOST=" + host(server), "HTTP request to an HTTPS server", "the daemon wants TLS: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH"},
		{"DOCKER_HOST=" + host(server) + " DOCKER_CERT_PATH=" + good, "HTTP request to an HTTPS server", "the daemon wants TLS: set DOCKER_TLS_VERIFY=1"},
		{"DOCKER_HOST=" + host(plain) + " DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=" + good, "HTTP response to HTTPS client", "does not speak TLS: unset DOCKER_TLS_VERIFY"},
		{"DOCKER_HOST=" + host(plain) + " DOCKER_TLS=1 DOCKER_CERT_PATH=" + good, "HTTP response to HTTPS client", "does not speak TLS: unset DOCKER_TLS"},
		{"DOCKER_CONTEXT=other DOCKER_CONFIG=" + stored, "certificate", `TLS files of context "other"`},
		{"DOCKER_CONTEXT=none DOCKER_CONFIG=" + stored, "HTTP request to an HTTPS server", `TLS files of context "none"`},
		{"DOCKER_CONTEXT=plain DOCKER_CONFIG=" + stored, "HTTP response to HTTPS client", `recreate context "plain"`},
		{"DOCKER_CONTEXT=broken DOCKER_CONFIG=" + stored, "no valid private key", `TLS files of context "broken"`},
	} {
		set := map[string]string{}
		for v := range strings.FieldsSeq(c.variables) {
			name, value, _ := strings.Cut(v, "=")
			set[name] = value
		}
		choices(t, set)
		info, err := asked(t.Context(), nil)
		switch {
		case c.text != "":
			mistaken(t, err, c.text, c.advice)
		case err != nil || info.Version != "5.0":
			t.Errorf("%s: %+v, %v", c.variables, info, err)
		}
	}
}
