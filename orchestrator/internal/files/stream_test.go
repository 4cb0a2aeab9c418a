package files

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestReadStream(t *testing.T) {
	pipe := func() (*os.File, *os.File) {
		r, w, err := os.Pipe()
		must(t, err)
		t.Cleanup(func() { r.Close(); w.Close() })
		return r, w
	}
	r, w := pipe()
	long := strings.Repeat("text ", 100_000) // more than the pipe holds
	go func() {
		defer w.Close()
		_ = say(long)(w)
	}()
	if got, err := ReadStream(t.Context(), r, 1<<20); err != nil || string(got) != long {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(long))
	}

	// Nobody writes, and ctx ends: before the read, or while it waits.
	r, _ = pipe()
	ended := errors.New("ended")
	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(ended)
	if _, err := ReadStream(ctx, r, 8); !errors.Is(err, ended) {
		t.Errorf("error %v; want %v", err, ended)
	}

	zero, err := os.Open("/dev/zero")
	must(t, err)
	defer zero.Close()
	if _, err := ReadStream(t.Context(), zero, 1<<20); err == nil || !strings.HasSuffix(err.Error(), "is larger than 1 MiB") {
		t.Errorf("no end: %v", err)
	}
	null, err := os.Open(os.DevNull)
	must(t, err)
	defer null.Close()
	if got, err := ReadStream(t.Context(), null, 8); err != nil || len(got) != 0 {
		t.Errorf("nothing: %q, %v", got, err)
	}
	folder, err := os.Open(t.TempDir())
	must(t, err)
	defer folder.Close()
	if _, err := ReadStream(t.Context(), folder, 8); err == nil {
		t.Error("a folder: no error")
	}
}
