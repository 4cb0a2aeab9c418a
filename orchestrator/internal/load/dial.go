package load

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// dialFunc opens a connection, no later than the deadline.
type dialFunc func(ctx context.Context, target Target, deadline time.Time) (net.Conn, error)

func dialNet(ctx context.Context, target Target, deadline time.Time) (net.Conn, error) {
	d := net.Dialer{Deadline: deadline}
	return d.DialContext(ctx, target.Network, target.Address)
}

const (
	// fallbackDelay is how long addresses of one kind, IPv6 or IPv4, are tried
	// alone before those of the other are as well.
	fallbackDelay = 300 * time.Millisecond

	// shareLeast is the least time for one of several addresses.
	shareLeast = 2 * time.Second
)

// dialer opens connections along routes.
type dialer struct {
	dial   dialFunc
	tls    *tls.Config
	names  *names // nil: hosts are looked up for each connection
	causes causes
}

// host gives the name of the host in a target that has to be looked up, and its
// port; no name for an address or a socket.
func (t Target) host() (name string, port uint16) {
	if t.Network != "tcp" {
		return "", 0
	}
	name, digits, err := net.SplitHostPort(t.Address)
	n, numberErr := strconv.ParseUint(digits, 10, 16)
	if err != nil || numberErr != nil {
		return "", 0 // dialling says what is wrong
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "", 0
	}
	return name, uint16(n)
}

// await sees to it that the hosts of a route are known before a connection is
// opened, and gives the time it took: that is nobody's latency. The error is a
// *connectError.
func (d *dialer) await(ctx context.Context, r *route) (time.Duration, error) {
	if d.names == nil {
		return 0, nil
	}
	start := time.Now()
	for _, host := range r.hosts() {
		if _, err := d.names.of(ctx, host); err != nil {
			return time.Since(start), &connectError{limited(err)}
		}
	}
	return time.Since(start), nil
}

// open opens a connection to a target: to the first of a host's addresses that
// takes it.
func (d *dialer) open(ctx context.Context, to Target, deadline time.Time) (net.Conn, error) {
	host, port := to.host()
	if d.names == nil || host == "" {
		return d.dial(ctx, to, deadline)
	}
	addrs, err := d.names.of(ctx, host)
	if err != nil {
		return nil, err
	}
	var first, second []Target
	for _, a := range addrs {
		to := Target{"tcp", netip.AddrPortFrom(a, port).String()}
		if a.Is4() == addrs[0].Is4() {
			first = append(first, to)
		} else {
			second = append(second, to)
		}
	}
	if second == nil {
		return d.inOrder(ctx, first, deadline)
	}
	return d.race(ctx, first, second, deadline)
}

// inOrder tries one address after the other. Each has its share of the time that
// is left. The error is that of the first.
func (d *dialer) inOrder(ctx context.Context, list []Target, deadline time.Time) (nc net.Conn, err error) {
	for i, to := range list {
		due := deadline
		if left := time.Until(deadline); i < len(list)-1 {
			due = time.Now().Add(min(left, max(left/time.Duration(len(list)-i), shareLeast)))
		}
		nc, tried := d.dial(ctx, to, due)
		if tried == nil {
			return nc, nil
		}
		if err == nil {
			err = tried
		}
		if ctx.Err() != nil || !time.Now().Before(deadline) {
			break
		}
	}
	return nil, err
}

// race tries the addresses of one kind, and soon or when they fail those of the
// other beside them: a machine may have an address of a kind that leads nowhere.
func (d *dialer) race(ctx context.Context, first, second []Target, deadline time.Time) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		nc      net.Conn
		err     error
		isFirst bool
	}
	results := make(chan result)
	running := 0
	try := func(list []Target, isFirst bool) {
		running++
		go func() {
			nc, err := d.inOrder(ctx, list, deadline)
			results <- result{nc, err, isFirst}
		}()
	}
	try(first, true)
	late := time.After(fallbackDelay)
	var failed error
	for {
		select {
		case <-late:
			late = nil
			try(second, false)
		case r := <-results:
			running--
			if r.err == nil {
				cancel()
				for ; running > 0; running-- {
					if other := <-results; other.err == nil {
						_ = other.nc.Close()
					}
				}
				return r.nc, nil
			}
			if r.isFirst {
				failed = r.err
			}
			switch {
			case late != nil:
				late = nil
				try(second, false)
			case running == 0:
				return nil, failed
			}
		}
	}
}
