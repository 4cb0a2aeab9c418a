package load

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// route is the way to one server.
type route struct {
	key   string // what tells servers apart; empty: the target of the run
	dial  Target // where the connection goes: the server, or a proxy
	name  string // the server's name for TLS; empty: none
	proxy *proxy // nil: none
	via   string // what to ask of the proxy: host:port of the server; empty: the proxy is sent the requests themselves, or there is none
}

// absolute says that requests name the server, for a proxy reads them.
func (r *route) absolute() bool { return r.proxy != nil && r.via == "" }

// route gives the way that the run's settings and the URL's origin call for.
func (p *program) route(u weburl.URL) *route {
	if p.target != (Target{}) {
		return &p.direct
	}
	r := &route{key: u.Origin(), dial: Target{"tcp", u.Address()}}
	switch {
	case u.Scheme == "unix":
		r.dial.Network = "unix"
		return r
	case u.Scheme == "https":
		r.name = bare(u.Host)
	}
	if p.opt.NoProxy {
		return r
	}
	if r.proxy = proxyFor(p.opt.Env, u); r.proxy != nil {
		r.dial.Address = r.proxy.url.Address()
		if u.Scheme == "https" || r.proxy.isSOCKS() {
			r.via = u.Address()
		}
	}
	return r
}

// bare is a host without the brackets of an IPv6 address.
func bare(host string) string { return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]") }

// hosts gives the names that have to be looked up on the way.
func (r *route) hosts() []string {
	var hosts []string
	if host, _ := r.dial.host(); host != "" {
		hosts = append(hosts, host)
	}
	if r.proxy != nil && r.proxy.url.Scheme == "socks5" {
		if host, _ := (Target{"tcp", r.via}).host(); host != "" {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// connect gives a connection that requests can be sent over, and the one below
// that the kernel knows. Errors are a *connectError or *tlsError.
func (d *dialer) connect(ctx context.Context, r *route, deadline time.Time) (nc, plain net.Conn, err error) {
	vias, err := d.vias(ctx, r, deadline)
	if err != nil {
		return nil, nil, &connectError{limited(err)}
	}
	for _, via := range vias {
		nc, plain, err = d.connectVia(ctx, r, via, deadline)
		var refused *socksError
		if !errors.As(err, &refused) || gone(err) || ctx.Err() != nil {
			break
		}
	}
	return nc, plain, err
}

// vias gives what a proxy may be asked for, one after the other. A SOCKS proxy
// that does not look names up is asked for addresses.
func (d *dialer) vias(ctx context.Context, r *route, deadline time.Time) ([]string, error) {
	host, port := Target{"tcp", r.via}.host()
	if r.proxy == nil || r.proxy.url.Scheme != "socks5" || host == "" {
		return []string{r.via}, nil
	}
	known := d.names
	if known == nil { // each connection has its own look-up
		known = newNames(lookupNet, time.Until(deadline))
	}
	addrs, err := known.of(ctx, host)
	var vias []string
	for _, a := range addrs {
		vias = append(vias, netip.AddrPortFrom(a, port).String())
	}
	return vias, err
}

func (d *dialer) connectVia(ctx context.Context, r *route, via string, deadline time.Time) (nc, plain net.Conn, err error) {
	plain, err = d.open(ctx, r.dial, deadline)
	if err != nil {
		return nil, nil, &connectError{limited(err)}
	}
	if r.name == "" && r.proxy == nil {
		return plain, plain, nil
	}
	asked := *r
	asked.via = via
	nc, err = d.through(ctx, &asked, plain, deadline)
	if err != nil {
		_ = plain.Close()
		return nil, nil, d.explain(ctx, r, deadline, err)
	}
	return nc, plain, nil
}

// through goes through the proxy, if there is one, and speaks TLS where the
// route asks for it.
func (d *dialer) through(ctx context.Context, r *route, nc net.Conn, deadline time.Time) (net.Conn, error) {
	socks := r.proxy != nil && r.proxy.isSOCKS()
	if socks {
		if err := r.proxy.openSOCKS(ctx, nc, r.via, deadline); err != nil {
			return nil, &connectError{err}
		}
	}
	err := nc.SetDeadline(deadline)
	if err != nil {
		return nil, &connectError{err}
	}
	if r.proxy != nil && r.proxy.url.Scheme == "https" {
		if nc, err = d.secure(ctx, nc, bare(r.proxy.url.Host)); err != nil {
			return nil, err
		}
	}
	if r.via != "" && !socks {
		if err := r.proxy.open(ctx, nc, r.via); err != nil {
			return nil, &connectError{err}
		}
	}
	if r.name != "" {
		return d.secure(ctx, nc, r.name)
	}
	return nc, nil
}

// open asks a proxy for a connection to host:port.
func (p *proxy) open(ctx context.Context, nc net.Conn, address string) error {
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() }) // which ends the wait
	defer stop()
	lines := "CONNECT " + address + " HTTP/1.1\r\nhost: " + address + "\r\n"
	if p.url.User != "" || p.url.Password != "" {
		lines += "proxy-authorization: " + basic(p.url.User, p.url.Password) + "\r\n"
	}
	if _, err := nc.Write([]byte(lines + "\r\n")); err != nil {
		return fmt.Errorf("ask the proxy: %w", err)
	}
	var in reader
	in.reset(nc)
	in.begin(expect{})
	switch status, _, err := in.head(); {
	case err != nil:
		return fmt.Errorf("the proxy's %w", err)
	case status < 200 || status > 299:
		return fmt.Errorf("the proxy refuses with status %d", status)
	case in.r != in.w:
		return errors.New("the proxy says more than it was asked")
	}
	return nil
}

// basic gives the value of an authorization header.
func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
