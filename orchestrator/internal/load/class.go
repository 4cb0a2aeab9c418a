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
	failDropped
	failProtocol
	failTLS
	failRedirect
	failFiles  // these three are limits of this machine
	failPorts  //
	failMemory //
	failOther
	classes // how many there are
)

// String is the class as results name it.
func (c class) String() string {
	return [classes]string{
		"answered", "connect", "timeout", "reset", "eof", "closed by server while idle", "protocol", "tls", "redirect",
		"open files of this machine", "ports of this machine", "memory of this machine", "other",
	}[c]
}

// idle says that a failure took no time and comes again at once: the target is
// gone, or a limit of this machine is reached.
func (c class) idle() bool {
	return c == failConnect || c == failFiles || c == failPorts || c == failMemory
}

// connectError is a connection that could not be opened.
type connectError struct{ err error }

func (e *connectError) Error() string { return "connect: " + e.err.Error() }

func (e *connectError) Unwrap() error { return e.err }

// redirectError is a redirect that is not followed.
type redirectError struct{ what string }

func (e *redirectError) Error() string { return "redirect: " + e.what }

// droppedError is a connection that the server kept, and closed as the next
// request was under way.
type droppedError struct{ err error }

func (e *droppedError) Error() string { return e.err.Error() }

func (e *droppedError) Unwrap() error { return e.err }

// Hint says what to do about it.
func (e *droppedError) Hint() string {
	return "the server closes idle connections without notice; have it keep them open longer"
}

// classify sorts an error of conn.do. A limit of this machine comes first: it
// may show anywhere, and the server has no part in it. A connect that takes too
// long is a timeout: the target may be there, and slow.
func classify(err error) class {
	if err == nil {
		return answered
	}
	if limit := limitOf(err); limit != answered {
		return limit
	}
	var network net.Error
	var connect *connectError
	var protocol *protocolError
	var secure *tlsError
	var redirect *redirectError
	var dropped *droppedError
	switch {
	case errors.Is(err, syscall.EAGAIN) && errors.As(err, &connect):
		// A unix socket that has too many waiting already says so at once. Go
		// would call that a timeout.
		return failConnect
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return failTimeout
	case errors.As(err, &secure):
		return failTLS
	case errors.As(err, &redirect):
		return failRedirect
	case errors.As(err, &connect):
		return failConnect
	case errors.As(err, &protocol):
		return failProtocol
	case errors.As(err, &dropped):
		return failDropped
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return failReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return failEOF
	default:
		return failOther
	}
}

// summary says what happened, without the ports and places that differ from one
// time to the next.
func summary(err error) string {
	var protocol *protocolError
	if errors.As(err, &protocol) {
		return protocol.what
	}
	return classify(err).String()
}

// gone says whether a connection failed, rather than what was said over it.
func gone(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &network) && network.Timeout()
}
