package load

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// noProxy gives the list of what is reached without a proxy, and the name of the
// variable that holds it. As with drill an empty one counts: it takes back what
// the other says.
func noProxy(env vars.Env) (name, list string) {
	if list, given := env["NO_PROXY"]; given {
		return "NO_PROXY", list
	}
	return "no_proxy", env["no_proxy"]
}

// entries splits a list at commas and blanks.
func entries(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r <= ' ' })
}

// exception is an entry of the list. Of host and network one is set.
type exception struct {
	host    string // with all hosts below it; "*" is every host
	network netip.Prefix
	port    string // empty: any
}

// parseException reads an entry: h.org, .h.org, *.h.org, an address, a network,
// all but the last with a port behind it or not, or a star.
func parseException(entry string) (exception, error) {
	var e exception
	if network, err := netip.ParsePrefix(entry); err == nil {
		return exception{network: network}, nil
	}
	name := strings.ToLower(entry)
	if host, port, err := net.SplitHostPort(name); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return e, errors.New("not a port")
		}
		name, e.port = host, port
	}
	name = bare(name)
	if address, err := netip.ParseAddr(name); err == nil {
		address = address.Unmap()
		e.network = netip.PrefixFrom(address, address.BitLen())
		return e, nil
	}
	if name != "*" {
		name = strings.Trim(strings.TrimPrefix(name, "*."), ".")
	}
	if name == "" || strings.ContainsAny(name, ":/[]@") || name != "*" && strings.Contains(name, "*") {
		return e, errors.New("not a host")
	}
	e.host = name
	return e, nil
}

// bypassed says whether a list holds the server of a URL.
func bypassed(list string, u weburl.URL) bool {
	_, port, _ := net.SplitHostPort(u.Address())
	host := strings.TrimSuffix(bare(u.Host), ".")
	address, err := netip.ParseAddr(host)
	isAddress := err == nil
	for _, entry := range entries(list) {
		e, err := parseException(entry)
		switch {
		case err != nil || e.port != "" && e.port != port:
		case e.host == "*":
			return true
		case isAddress && e.host == "":
			if e.network.Contains(address.Unmap()) {
				return true
			}
		case !isAddress && e.host != "":
			if host == e.host || strings.HasSuffix(host, "."+e.host) {
				return true
			}
		}
	}
	return false
}
