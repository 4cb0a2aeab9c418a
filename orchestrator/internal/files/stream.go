package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ReadStream reads a stream that is open, such as standard input, to its end: up
// to limit bytes, and until ctx ends. What it gives is not nil.
func ReadStream(ctx context.Context, stream *os.File, limit int64) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, &fs.PathError{Op: "read", Path: stream.Name(), Err: err}
	}
	const glance = 100 * time.Millisecond // between looks at ctx, while nothing comes
	text := []byte{}
	chunk := make([]byte, 64<<10)
	for {
		if err := context.Cause(ctx); err != nil {
			return fail(err)
		}
		ready := []unix.PollFd{{Fd: int32(stream.Fd()), Events: unix.POLLIN}}
		if n, err := unix.Poll(ready, int(glance.Milliseconds())); n == 0 || errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil {
			return fail(err)
		}
		n, err := unix.Read(int(stream.Fd()), chunk)
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
			continue
		case err != nil:
			return fail(err)
		case n == 0:
			return text, nil
		}
		if text = append(text, chunk[:n]...); int64(len(text)) > limit {
			return fail(tooLarge(limit))
		}
	}
}
