package load

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// class says why a request got no answer.
type class int

const (
	answered class = iota
	failConnect
	failTimeout
	failReset
	failEOF
	failProtocol
	failOther
	classes // how many there are
)

// String is the class as results name it.
func (c class) String() string {
	return [classes]string{"answered", "connect", "timeout", "reset", "eof", "protocol", "other"}[c]
}

// connectError is a connection that could not be opened.
type connectError struct{ err error }

func (e *connectError) Error() string { return "connect: " + e.err.Error() }

func (e *connectError) Unwrap() error { return e.err }

// classify sorts an error of conn.do. A connect that takes too long is a
// timeout: the target may be there, and slow.
func classify(err error) class {
	if err == nil {
		return answered
	}
	var network net.Error
	var connect *connectError
	var protocol *protocolError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return failTimeout
	case errors.As(err, &connect):
		return failConnect
	case errors.As(err, &protocol):
		return failProtocol
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return failReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return failEOF
	default:
		return failOther
	}
}
