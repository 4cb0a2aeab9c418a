package store

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
)

// packAt is the length from which a stream is compressed when its run is over:
// it shrinks to a seventh. A shorter one stays as it is, for people to read.
const packAt = 16 << 20

// mostMember is how much of a stream goes into one member of the compressed
// file, in bytes: what is damaged costs one of them.
const mostMember = 1 << 20

// pack compresses the stream of a run that is over, if that pays. Nothing is
// compressed while something is measured.
func (f *Folder) pack() error {
	info, err := f.stream.Stat()
	if err != nil || info.Size() < packAt {
		return err
	}
	if _, err := f.stream.Seek(0, io.SeekStart); err != nil {
		return err
	}
	err = files.Write(f.path(packedFile), func(w io.Writer) error { return compress(w, f.stream) })
	if err == nil {
		err = syncFolder(f.Dir) // a power cut must not take both
	}
	if err != nil {
		return err
	}
	return os.Remove(f.path(streamFile))
}

// syncFolder returns when the disk has the names in a folder, where its file
// system knows how.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = folder.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, folder.Close())
}

// compress writes whole lines in members of about the same length.
func compress(to io.Writer, from io.Reader) error {
	lines := bufio.NewReaderSize(from, 64<<10)
	member := gzip.NewWriter(to)
	length := 0
	for {
		part, err := lines.ReadSlice('\n')
		if _, err := member.Write(part); err != nil {
			return err
		}
		length += len(part)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return member.Close()
		case err != nil:
			return err
		}
		if length >= mostMember {
			if err := member.Close(); err != nil {
				return err
			}
			member.Reset(to)
			length = 0
		}
	}
}
