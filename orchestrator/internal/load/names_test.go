package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// directory is a name service: what it answers next, and what it was asked.
type directory struct {
	mu    sync.Mutex
	addrs map[string][]string // none: there is no such host
	takes time.Duration
	asked []string
}

func (d *directory) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	d.mu.Lock()
	d.asked = append(d.asked, host)
	list, takes := d.addrs[host], d.takes
	d.mu.Unlock()
	if takes > 0 {
		if err := pause(ctx, takes); err != nil {
			return nil, err
		}
	}
	var addrs []netip.Addr
	for _, text := range list {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	if addrs == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return addrs, nil
}

func (d *directory) set(host string, addrs ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.addrs[host] = addrs
}

// dialled is a dialFunc that notes where it was sent, and connects to a recorder
// unless refuse says otherwise.
type dialled struct {
	rec    *recorder
	refuse func(ctx context.Context, address string) error
	mu     sync.Mutex
	to     []string
}

func (d *dialled) dial(ctx context.Context, target Target, due time.Time) (net.Conn, error) {
	d.mu.Lock()
	d.to = append(d.to, target.Address)
	d.mu.Unlock()
	if d.refuse != nil {
		ctx, cancel := context.WithDeadline(ctx, due)
		defer cancel()
		if err := d.refuse(ctx, target.Address); err != nil {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
	}
	return d.rec.pipe(ctx, target, due)
}

// to makes a request whose host is known before the start.
func to(url string) *plan.Request {
	r := vary("GET", url, "")
	r.Address = url
	return r
}

// hangsUp answers once over a connection, so that each request needs its own.
func hangsUp(w net.Conn, s seen) bool {
	return text("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")(w, s)
}

// A host is looked up once, and again every 30 s; what that gives counts from
// then on, but for a failure.
func TestNamesRefresh(t *testing.T) {
	for name, request := range map[string]*plan.Request{"known before": to("http://h.test/"), "met on the way": vary("GET", "http://h.test/", "")} {
		synctest.Test(t, func(t *testing.T) {
			dir := &directory{addrs: map[string][]string{"h.test": {"192.0.2.1"}}}
			over := &dialled{rec: &recorder{reply: hangsUp}}
			time.AfterFunc(15*time.Second, func() { dir.set("h.test", "192.0.2.2") })
			time.AfterFunc(45*time.Second, func() { dir.set("h.test") })
			p := planOf[plan.Item](1, 10, request, &plan.Delay{For: 8 * time.Second})
			got, err := network{over.dial, dir.lookup}.run(t.Context(), p, Target{}, Options{})
			over.rec.handlers.Wait()
			if err != nil || got.Statuses["200"] != 10 {
				t.Errorf("%s: %+v, %v", name, got.Counts, err)
			}
			want := append(slices.Repeat([]string{"192.0.2.1:80"}, 4), slices.Repeat([]string{"192.0.2.2:80"}, 6)...)
			if diff := cmp.Diff(want, over.to); diff != "" {
				t.Errorf("%s: dialled (-want +got):\n%s", name, diff)
			}
			if got.Lookups != (Lookups{N: 3, Failed: 1}) {
				t.Errorf("%s: %+v", name, got.Lookups)
			}
		})
	}
}

// All workers wait for one look-up, and its time is no latency of theirs.
func TestNamesOnce(t *testing.T) {
	for name, request := range map[string]*plan.Request{"known before": to("http://h.test/"), "met on the way": vary("GET", "http://h.test/", "")} {
		synctest.Test(t, func(t *testing.T) {
			dir := &directory{addrs: map[string][]string{"h.test": {"192.0.2.1"}}, takes: 3 * time.Second}
			over := &dialled{rec: &recorder{reply: hangsUp}}
			got, err := network{over.dial, dir.lookup}.run(t.Context(), planOf(8, 40, request), Target{}, Options{})
			over.rec.handlers.Wait()
			if err != nil || got.Statuses["200"] != 40 || got.Attempts.Max() != 0 || len(over.to) != 40 {
				t.Errorf("%s: %+v, up to %v, %v", name, got.Counts, got.Attempts.Max(), err)
			}
			if got.Lookups != (Lookups{N: 1, Longest: 3 * time.Second}) || len(dir.asked) != 1 {
				t.Errorf("%s: %+v", name, got.Lookups)
			}
		})
	}
}

// A host that there is not fails each request for itself, as a connect does; one
// that nobody answers for times out. The end of the run ends a look-up.
func TestNamesFail(t *testing.T) {
	check := func(name string, takes time.Duration, class string, lookups Lookups) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			dir := &directory{takes: takes}
			var seen notes
			got, err := network{(&dialled{}).dial, func(ctx context.Context, host string) ([]netip.Addr, error) {
				addrs, err := dir.lookup(ctx, host)
				if errors.Is(err, context.DeadlineExceeded) {
					err = &net.DNSError{Err: "i/o timeout", Name: host, IsTimeout: true}
				}
				return addrs, err
			}}.run(t.Context(), planOf(1, 3, vary("GET", "http://h.test/", "")), Target{}, Options{Observer: &seen, Timeout: 5 * time.Second})
			if err != nil || got.Errors[class] != 3 || got.Lookups != lookups || got.Attempts.Max() != 0 {
				t.Errorf("%s: %+v, %+v, %v: %v", name, got.Counts, got.Lookups, err, seen.lines)
			}
		})
	}
	check("no such host", 0, "connect", Lookups{N: 3, Failed: 3})
	check("silence", time.Hour, "timeout", Lookups{N: 3, Failed: 3, Longest: 5 * time.Second})

	for name, request := range map[string]*plan.Request{"before the start": to("http://h.test/"), "on the way": vary("GET", "http://h.test/", "")} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			dir := &directory{takes: time.Hour}
			got, err := network{(&dialled{}).dial, dir.lookup}.run(ctx, planOf(3, 9, request), Target{}, Options{})
			if err != nil || !got.Interrupted || got.Requests != 0 || got.Lookups != (Lookups{}) {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		})
	}
}

// However many hosts there are, the run starts when one may have been looked up.
func TestManySilentNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests []*plan.Request
		for i := range 5 * lookupsAtOnce {
			requests = append(requests, to(fmt.Sprintf("http://h%d.test/", i)))
		}
		begun := time.Now()
		got, err := network{(&dialled{}).dial, (&directory{takes: time.Hour}).lookup}.run(t.Context(), planOf(1, 1, requests...), Target{}, Options{Timeout: 5 * time.Second})
		if err != nil || got.Start.Sub(begun) != 5*time.Second || got.Failed != len(requests) {
			t.Errorf("%v: it started after %v, and %d of %d failed", err, got.Start.Sub(begun), got.Failed, len(requests))
		}
	})
}

// Without the memory a host's name goes to the dialler as it is, each time.
func TestNoDNSCache(t *testing.T) {
	dir := &directory{}
	over := &dialled{rec: &recorder{reply: hangsUp}}
	got, err := network{over.dial, dir.lookup}.run(t.Context(), planOf(1, 3, to("http://h.test:81/")), Target{}, Options{NoDNSCache: true})
	over.rec.handlers.Wait()
	if err != nil || got.Statuses["200"] != 3 || dir.asked != nil || !slices.Equal(over.to, slices.Repeat([]string{"h.test:81"}, 3)) {
		t.Errorf("%+v, %v: dialled %v, asked %v", got.Counts, err, over.to, dir.asked)
	}
}

// Addresses and sockets are no names.
func TestNoNames(t *testing.T) {
	rec := &recorder{reply: ok}
	dir := &directory{}
	tcp := rec.listen(t, "tcp").Address
	socket := (&recorder{reply: ok}).listen(t, "unix").Address
	p := planOf(1, 1, to("http://"+tcp+"/"), to("unix:"+socket), to("http://[::1]:1/"))
	if _, err := (network{dialNet, dir.lookup}).run(t.Context(), p, Target{}, Options{}); err != nil || dir.asked != nil {
		t.Errorf("%v: asked about %v", err, dir.asked)
	}
}

// Hosts that are known are bounded in number.
func TestManyNames(t *testing.T) {
	n := newNames(func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{{}, netip.IPv6Loopback()}[1:], nil
	}, time.Second)
	for i := range 2 * maxHosts {
		if _, err := n.of(t.Context(), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.known) != maxHosts || len(n.asked) != 0 {
		t.Errorf("%d hosts known, %d asked for", len(n.known), len(n.asked))
	}
}

// Of several addresses the first that takes a connection is used: those of one
// kind in order, those of the other when these fail or take long.
func TestSeveralAddresses(t *testing.T) {
	const v4, other4, v6, other6 = "192.0.2.1:80", "192.0.2.2:80", "[2001:db8::1]:80", "[2001:db8::2]:80"
	for name, c := range map[string]struct {
		addrs        string
		refuse, mute string // by address; what is neither connects
		want         string
		after        time.Duration
		class        string
	}{
		"the first":               {addrs: "192.0.2.1 192.0.2.2", want: v4},
		"the next on refusal":     {addrs: "192.0.2.1 192.0.2.2", refuse: v4, want: v4 + " " + other4},
		"the next after silence":  {addrs: "192.0.2.1 192.0.2.2", mute: v4, want: v4 + " " + other4, after: 5 * time.Second},
		"the other kind, refused": {addrs: "2001:db8::1 192.0.2.1 2001:db8::2", refuse: v6 + other6, want: v6 + " " + other6 + " " + v4},
		"the other kind, silent":  {addrs: "2001:db8::1 192.0.2.1", mute: v6, want: v6 + " " + v4, after: fallbackDelay},
		"a name for IPv4 in IPv6": {addrs: "::ffff:192.0.2.1", want: v4},
		"none":                    {addrs: "192.0.2.1 2001:db8::1", refuse: v4 + v6, want: v4 + " " + v6, class: "connect"},
		"none in time":            {addrs: "2001:db8::1 192.0.2.1", mute: v4 + v6, want: v6 + " " + v4, class: "timeout", after: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := &directory{addrs: map[string][]string{"h.test": strings.Fields(c.addrs)}}
				over := &dialled{rec: &recorder{reply: hangsUp}, refuse: func(ctx context.Context, address string) error {
					switch {
					case strings.Contains(c.refuse, address):
						return syscall.ECONNREFUSED
					case strings.Contains(c.mute, address):
						<-ctx.Done()
						return ctx.Err()
					}
					return nil
				}}
				got, err := network{over.dial, dir.lookup}.run(t.Context(), planOf(1, 1, to("http://h.test/")), Target{}, Options{})
				over.rec.handlers.Wait()
				if diff := cmp.Diff(strings.Fields(c.want), over.to); diff != "" || err != nil {
					t.Errorf("%v: dialled (-want +got):\n%s", err, diff)
				}
				if took := got.Attempts.Max(); took < c.after || took > c.after+c.after/50 {
					t.Errorf("it took %v, want %v", took, c.after)
				}
				if c.class == "" && got.Statuses["200"] != 1 || c.class != "" && got.Errors[c.class] != 1 {
					t.Errorf("%+v", got.Counts)
				}
			})
		})
	}
}

// The same over the kernel: only one of a host's addresses has a server.
func TestSeveralAddressesTCP(t *testing.T) {
	rec := &recorder{reply: ok}
	_, port, _ := net.SplitHostPort(rec.listen(t, "tcp").Address)
	for _, addrs := range [][]string{{"127.0.0.2", "127.0.0.3", "127.0.0.1"}, {"::1", "127.0.0.1"}, {"127.0.0.1", "::1"}} {
		dir := &directory{addrs: map[string][]string{"h.test": addrs}}
		got, err := network{dialNet, dir.lookup}.run(t.Context(), planOf(2, 4, to("http://h.test:"+port+"/")), Target{}, Options{})
		if err != nil || got.Statuses["200"] != 4 {
			t.Errorf("%v: %+v, %v", addrs, got.Counts, err)
		}
	}
}
