package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// defaultPort is the one that is tried first where nobody names another.
const defaultPort = 8077

// Address is where a page is to be served.
type Address struct {
	Host string // a name or an IP address
	Port uint16 // 0: any that is free
	// Yields says that any other port does as well where this one is taken.
	Yields bool
}

// DefaultAddress is the one that nobody has to name.
func DefaultAddress() Address { return Address{Host: "127.0.0.1", Port: defaultPort, Yields: true} }

// ParseAddress reads host:port, :port or a port alone, which are this machine's own
// loopback. Others are let in only where the host says so.
func ParseAddress(text string) (Address, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil && !strings.ContainsAny(text, ":[]") {
		host, port, err = "", text, nil
	}
	n, wrong := strconv.ParseUint(port, 10, 16)
	if err != nil || wrong != nil || strings.ContainsAny(host, " /\x00") {
		return Address{}, fmt.Errorf("%q is no address such as 127.0.0.1:%d, :%d or %d", text, defaultPort, defaultPort, defaultPort)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return Address{Host: host, Port: uint16(n)}, nil
}

// String gives host:port.
func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port))) }

// Loopback says that nobody from another machine gets there.
func (a Address) Loopback() bool { return isLoopback(a.Host) }

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// listen opens the address.
func (a Address) listen(ctx context.Context) (net.Listener, error) {
	var conf net.ListenConfig
	l, err := conf.Listen(ctx, "tcp", a.String())
	if err != nil && errors.Is(err, syscall.EADDRINUSE) && a.Yields {
		a.Port = 0
		l, err = conf.Listen(ctx, "tcp", a.String())
	}
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, hint.Mistake("cannot serve: "+a.String()+" is taken", "name another port, or leave the address out: then a free one is found")
	}
	return nil, hint.Mistake(fmt.Sprintf("cannot serve: %v", err), "name an address of this machine, such as "+DefaultAddress().String())
}

// shown is the host by which a browser on this machine gets there.
func (a Address) shown() string {
	if ip, err := netip.ParseAddr(a.Host); err == nil && ip.IsUnspecified() {
		if ip.Is4() {
			return "127.0.0.1"
		}
		return "::1"
	}
	return a.Host
}
