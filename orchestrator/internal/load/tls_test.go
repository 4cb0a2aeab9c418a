package load

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// tlsServer answers over TLS as a configuration says.
func tlsServer(t *testing.T, conf *tls.Config) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "ok")
	}))
	s.TLS = conf
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// A server that wants a certificate says so in the handshake, or from TLS 1.3 on
// after it, while a request is under way: that is trouble with TLS at any moment,
// whatever becomes of the connection.
func TestClientCertificate(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := tlsServer(t, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: version, MaxVersion: version})
		for _, size := range []int{0, 1000, 1 << 20, 20 << 20} {
			t.Run(fmt.Sprintf("%s, %d bytes", tls.VersionName(version), size), func(t *testing.T) {
				p := planOf(2, 8, vary("POST", s.URL+"/", strings.Repeat("x", size)))
				got := mustRun(t, p, Target{}, Options{Insecure: true})
				check(t, got, failure(8, "tls"))
				if len(got.Hints) != 1 || !strings.Contains(got.Hints[0].Text, "asks for a client certificate") || got.Hints[0].Requests != 8 {
					t.Errorf("hints %+v", got.Hints)
				}
			})
		}
		s.Close()
	}

	// One that only would like to see one is served without.
	s := tlsServer(t, &tls.Config{ClientAuth: tls.RequestClientCert})
	got := mustRun(t, planOf(1, 2, vary("GET", s.URL+"/", "")), Target{}, Options{Insecure: true})
	if got.Statuses["200"] != 2 {
		t.Errorf("%+v", got.Counts)
	}
}

// What ends a connection behind the handshake.
func TestAfterHandshake(t *testing.T) {
	conf := secureServer(t).TLS
	asking := conf.Clone()
	asking.ClientAuth = tls.RequestClientCert
	readSome := func(c *tls.Conn) { _, _ = c.Read(make([]byte, 10)) }
	for name, c := range map[string]struct {
		conf *tls.Config
		then func(plain net.Conn, over *tls.Conn)
		want string
	}{
		// An alert in the clear is one that cannot be read: a record that is broken.
		"a record that is none": {conf, func(plain net.Conn, over *tls.Conn) {
			_, _ = plain.Write([]byte("\x17\x03\x03\x00\x20" + strings.Repeat("x", 32)))
			_, _ = io.Copy(io.Discard, over)
		}, "tls"},
		"another protocol": {conf, func(plain net.Conn, over *tls.Conn) {
			_, _ = plain.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			_, _ = io.Copy(io.Discard, over)
		}, "tls"},
		"a record too long": {conf, func(plain net.Conn, over *tls.Conn) {
			_, _ = plain.Write([]byte("\x17\x03\x03\xff\xff" + strings.Repeat("x", 1<<16)))
			_, _ = io.Copy(io.Discard, over)
		}, "tls"},
		"reset":                            {conf, func(plain net.Conn, over *tls.Conn) { readSome(over); _ = reset(plain) }, "reset"},
		"farewell":                         {conf, func(_ net.Conn, over *tls.Conn) { _, _ = http.ReadRequest(bufio.NewReader(over)); _ = over.Close() }, "eof"},
		"reset for want of a certificate":  {asking, func(plain net.Conn, over *tls.Conn) { readSome(over); _ = reset(plain) }, "tls"},
		"closed for want of a certificate": {asking, func(_ net.Conn, over *tls.Conn) { readSome(over) }, "tls"},
		"reset in an answer": {asking, func(plain net.Conn, over *tls.Conn) {
			readSome(over)
			_, _ = io.WriteString(over, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
			_ = reset(plain)
		}, "reset"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := &recorder{raw: func(plain net.Conn) {
				if over := tls.Server(plain, c.conf); over.Handshake() == nil {
					c.then(plain, over)
				}
			}}
			target := rec.listen(t, "tcp")
			var seen notes
			got := mustRun(t, planOf(1, 3, vary("POST", "https://"+target.Address+"/", "x")), Target{}, Options{Insecure: true, Observer: &seen})
			check(t, got, failure(3, c.want))
			if t.Failed() {
				t.Log(seen.lines)
			}
		})
	}
}

// What is refused for its age is named, and accepted where anything is.
func TestLegacyTLS(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	commonName := []tls.Certificate{selfSigned(t, key, &x509.Certificate{Subject: pkix.Name{CommonName: "127.0.0.1"}})}
	expired := []tls.Certificate{selfSigned(t, key, &x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0),
	})}
	otherHost := []tls.Certificate{selfSigned(t, key, &x509.Certificate{DNSNames: []string{"elsewhere.invalid"}})}
	only := func(suites ...uint16) *tls.Config {
		return &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: suites}
	}
	for name, c := range map[string]struct {
		conf *tls.Config
		want string
	}{
		"TLS 1.0":          {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, "the server speaks only TLS 1.0"},
		"TLS 1.1":          {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "the server speaks only TLS 1.1"},
		"RSA key exchange": {only(tls.TLS_RSA_WITH_AES_128_GCM_SHA256), "the server has only RSA key exchange (TLS_RSA_WITH_AES_128_GCM_SHA256)"},
		"RSA and CBC":      {only(tls.TLS_RSA_WITH_AES_256_CBC_SHA), "the server has only RSA key exchange (TLS_RSA_WITH_AES_256_CBC_SHA)"},
		"3DES":             {only(tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA), "the server has only old cipher suites (TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA)"},
		"CBC with SHA-256": {only(tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256), "the server has only old cipher suites"},
		"RC4":              {only(tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA), "the server has only old cipher suites"},
		"common name":      {&tls.Config{Certificates: commonName}, "the certificate names a host only in its common name"},
		"another host":     {&tls.Config{Certificates: otherHost}, "the certificate is for another host"},
		"expired":          {&tls.Config{Certificates: expired}, "the certificate has expired"},
		"nobody's":         {&tls.Config{}, "no authority that this machine trusts has signed the certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			s := tlsServer(t, c.conf)
			p := planOf(2, 6, vary("POST", s.URL+"/", "b"))
			got := mustRun(t, p, Target{}, Options{})
			check(t, got, failure(6, "tls"))
			if len(got.Hints) != 1 || !strings.HasPrefix(got.Hints[0].Text, c.want) || !strings.Contains(got.Hints[0].Text, "--no-check-certificate accepts") || got.Hints[0].Requests != 6 {
				t.Errorf("hints %+v, want %q", got.Hints, c.want)
			}
			got = mustRun(t, p, Target{}, Options{Insecure: true})
			if got.Statuses["200"] != 6 || got.Hints != nil {
				t.Errorf("accepted: %+v %+v", got.Counts, got.Hints)
			}
		})
	}
}

// A server that refuses everything is asked nothing more than once, and that is
// all that is said of it.
func TestNoLegacy(t *testing.T) {
	for alert, insecure := range map[string]bool{
		"\x28": false, // handshake failure
		"\x46": true,  // protocol version
		"\x47": false, // insufficient security
		"\x70": true,  // unrecognised name
	} {
		rec := &recorder{raw: func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1000))
			_, _ = io.WriteString(c, "\x15\x03\x03\x00\x02\x02"+alert)
			_, _ = io.Copy(io.Discard, c)
		}}
		target := rec.listen(t, "tcp")
		got := mustRun(t, planOf(1, 5, vary("GET", "https://"+target.Address+"/", "")), Target{}, Options{Insecure: insecure})
		rec.stop()
		conns := 6
		if insecure {
			conns = 5
		}
		if got.Errors["tls"] != 5 || len(got.Hints) != 1 || !strings.Contains(got.Hints[0].Text, "refuses all") || got.Hints[0].Requests != 5 || rec.conns != conns {
			t.Errorf("alert %q: %+v, hints %+v, %d connections", alert, got.Counts, got.Hints, rec.conns)
		}
	}
	plain := (&recorder{raw: func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1000))
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
	}}).listen(t, "tcp")
	got := mustRun(t, planOf(1, 1, vary("GET", "https://"+plain.Address+"/", "")), Target{}, Options{})
	if len(got.Hints) != 1 || !strings.Contains(got.Hints[0].Text, "write http://") {
		t.Errorf("hints %+v", got.Hints)
	}
}

// selfSigned makes a certificate that is valid now unless it says otherwise.
func selfSigned(t *testing.T, key *rsa.PrivateKey, template *x509.Certificate) tls.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(1)
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
