package load

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// Limit is a limit of the machine that sends the load, and what failed for it:
// that says nothing about the server.
type Limit struct {
	Class    string // as Counts.Errors has it
	Requests int
	Advice   string // what to do about it
}

// Limits gives those that requests failed for; nil if none did.
func (c *Counts) Limits() []Limit {
	var limits []Limit
	for _, l := range []struct {
		class  class
		advice string
	}{
		{failFiles, "raise ulimit -n, or lower the concurrency"},
		{failPorts, "lower the concurrency, have the service keep connections open, or widen net.ipv4.ip_local_port_range"},
		{failMemory, "free some, or lower the concurrency"},
	} {
		if n := c.Errors[l.class.String()]; n > 0 {
			limits = append(limits, Limit{l.class.String(), n, l.advice})
		}
	}
	return limits
}

// limitError is a failure for a limit of this machine that its error alone does
// not tell.
type limitError struct {
	class class
	err   error
}

func (e *limitError) Error() string { return e.err.Error() }

func (e *limitError) Unwrap() error { return e.err }

// limitOf gives the class of the limit of this machine that an error is about,
// or answered. EAGAIN is not among them: of a unix socket it says that the
// server has too many waiting already.
func limitOf(err error) class {
	var limit *limitError
	var errno syscall.Errno
	switch {
	case errors.As(err, &limit):
		return limit.class
	case !errors.As(err, &errno):
		return answered
	}
	switch errno {
	case syscall.EMFILE, syscall.ENFILE:
		return failFiles
	case syscall.ENOMEM, syscall.ENOBUFS:
		return failMemory
	}
	return answered
}

// limited marks the error of a connection that could not be opened, where a limit
// of this machine is the reason and the error itself does not say so.
func limited(err error) error {
	var lookup *net.DNSError
	c := answered
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL) && reachable(err):
		c = failPorts
	case errors.As(err, &lookup): // which keeps the reason as a text alone
		c = limitOf(openSome())
	}
	if c == answered {
		return err
	}
	return &limitError{c, err}
}

// reachable says whether this machine has an address to send from to where a
// connect failed. The kernel has one error for a machine without, such as one
// without IPv6, and for one whose ports are all taken. A datagram socket takes a
// port of another kind, and connecting it sends nothing.
func reachable(err error) bool {
	var op *net.OpError
	if !errors.As(err, &op) {
		return false
	}
	to, isTCP := op.Addr.(*net.TCPAddr)
	if !isTCP {
		return false
	}
	probe, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: to.IP, Port: to.Port, Zone: to.Zone})
	if err != nil {
		return false
	}
	_ = probe.Close()
	return true
}

// lookupFiles is how many files looking up a name has open at a time, about.
const lookupFiles = 4

// openSome tries whether this process can open as many files as it takes to look
// up a name.
func openSome() error {
	for range lookupFiles {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return err
		}
		defer f.Close()
	}
	return nil
}

// nameLimit puts the limit of this machine in front of the error of a command
// that could not be started. There EAGAIN is one: no process or thread more.
func nameLimit(err error) error {
	if c := limitOf(err); c != answered {
		return fmt.Errorf("%s: %w", c, err)
	}
	if errors.Is(err, syscall.EAGAIN) {
		return fmt.Errorf("processes of this machine: %w", err)
	}
	return err
}
