// Answer is a server for measuring load generators with: it reads a request and
// its body, waits as long as it is told to, and answers with two bytes. It does
// as little as can be, for what is measured is the other side.
//
//	answer -listen 127.0.0.1:8099 -wait 5ms
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"
)

var reply = []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

func main() {
	address := flag.String("listen", "127.0.0.1:8099", "`address` to listen on; port 0 takes a free one")
	wait := flag.Duration("wait", 0, "how long to wait before each answer")
	flag.Parse()
	fmt.Fprintln(os.Stderr, "answer:", serve(*address, *wait))
	os.Exit(1)
}

// serve prints the address once it listens, and answers until it is killed. The
// error, never nil, is why it could not.
func serve(address string, wait time.Duration) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			// Generators end in the middle of things.
			err := converse(c, wait)
			if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
				fmt.Fprintln(os.Stderr, "answer:", err)
			}
		}()
	}
}

// converse answers the requests of one connection. The error, never nil, is why
// it ended: io.EOF where the other side closed it.
func converse(c net.Conn, wait time.Duration) error {
	in := bufio.NewReaderSize(c, 64<<10)
	for {
		length, err := head(in)
		if err != nil {
			return err
		}
		if _, err := in.Discard(length); err != nil {
			return err
		}
		time.Sleep(wait)
		if _, err := c.Write(reply); err != nil {
			return err
		}
	}
}

// head reads up to the empty line and gives the length of the body.
func head(in *bufio.Reader) (length int, err error) {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, nil
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(name, []byte("content-length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
}
