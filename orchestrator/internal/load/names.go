package load

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// refreshEvery is how old what is known of a host may get.
	refreshEvery = 30 * time.Second

	// maxHosts bounds the hosts that are known: a plan whose URLs hold variables
	// may name ever other ones.
	maxHosts = 1000

	// lookupsAtOnce bounds the hosts that are looked up at a time before the
	// start.
	lookupsAtOnce = 8
)

// Lookups is what a run asked about names of hosts. No latency holds any of it.
type Lookups struct {
	N, Failed int
	Longest   time.Duration
}

// lookupFunc gives the addresses of a host, the one to try first in front.
type lookupFunc func(ctx context.Context, host string) ([]netip.Addr, error)

func lookupNet(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// names knows the addresses of hosts: it looks each up when it is first asked
// for, and all of them again every 30 s, beside the requests. One goroutine at a
// time asks about a host, the others wait for it.
type names struct {
	lookup  lookupFunc
	timeout time.Duration // of one look-up

	mu    sync.Mutex
	known map[string][]netip.Addr
	asked map[string]*question // first look-ups that are under way
	done  Lookups
}

// question is a look-up that others may wait for.
type question struct {
	answered chan struct{}
	addrs    []netip.Addr
	err      error
}

func newNames(lookup lookupFunc, timeout time.Duration) *names {
	return &names{lookup: lookup, timeout: timeout, known: map[string][]netip.Addr{}, asked: map[string]*question{}}
}

// of gives the addresses of a host. A look-up that fails is not remembered.
func (n *names) of(ctx context.Context, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	if addrs := n.known[host]; addrs != nil {
		n.mu.Unlock()
		return addrs, nil
	}
	q, waiting := n.asked[host]
	if !waiting {
		q = &question{answered: make(chan struct{})}
		n.asked[host] = q
	}
	n.mu.Unlock()
	if waiting {
		select {
		case <-q.answered:
			return q.addrs, q.err
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	q.addrs, q.err = n.find(ctx, host)
	n.mu.Lock()
	delete(n.asked, host)
	n.mu.Unlock()
	close(q.answered)
	return q.addrs, q.err
}

// ofAll looks many hosts up, in the time that one may take. What fails or is not
// reached then is tried again when it is needed.
func (n *names) ofAll(ctx context.Context, hosts []string) {
	ctx, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	var group sync.WaitGroup
	defer group.Wait()
	slots := make(chan struct{}, lookupsAtOnce)
	for _, host := range hosts {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		group.Go(func() {
			defer func() { <-slots }()
			_, _ = n.of(ctx, host)
		})
	}
}

// find looks a host up and remembers its addresses. What was known before stays
// where that fails.
func (n *names) find(ctx context.Context, host string) ([]netip.Addr, error) {
	limited, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	start := time.Now()
	found, err := n.lookup(limited, host)
	took := time.Since(start)
	addrs := make([]netip.Addr, len(found))
	for i := range found {
		addrs[i] = found[i].Unmap()
	}
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	if err != nil && ctx.Err() != nil {
		return nil, err // nobody waits for it any more: that is no failure
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.done.N++
	n.done.Longest = max(n.done.Longest, took)
	if err != nil {
		n.done.Failed++
		return nil, err
	}
	for other := range n.known {
		if len(n.known) < maxHosts {
			break
		}
		delete(n.known, other)
	}
	n.known[host] = addrs
	return addrs, nil
}

// refresh looks all hosts up again and again, one after the other, until the
// context ends.
func (n *names) refresh(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		for _, host := range n.hosts() {
			_, _ = n.find(ctx, host) // one that fails is counted
		}
	}
}

// hosts lists those that are known.
func (n *names) hosts() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var hosts []string
	for host := range n.known {
		hosts = append(hosts, host)
	}
	return hosts
}

// report gives what was done so far.
func (n *names) report() Lookups {
	if n == nil {
		return Lookups{}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.done
}
