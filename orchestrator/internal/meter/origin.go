package meter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Origin is what a process was started from, as the kernel keeps it.
type Origin struct {
	Environ map[string]string // as it was given; what it has made of it since does not show
	Args    []string          // its command line
	Program string            // path of its executable file, as the process sees it
	Mode    fs.FileMode       // of that file
	Secure  bool              // the loader was told to trust nothing of the environment: AT_SECURE
	UID     int               // whose rights it has, as this host numbers users
	GID     int
	ReadAll bool // it may read every file, whatever its mode
}

// Origin reads what a process was started from. The error matches ErrEnded once
// it has ended, and is a *DeniedError without the right to trace it.
func (fs FS) Origin(p bench.Process) (Origin, error) {
	var o Origin
	environ, err := fs.read(ofPID(p.PID, "environ"))
	if err != nil {
		return o, err
	}
	o.Environ = map[string]string{}
	for _, text := range fields(environ) {
		name, value, _ := strings.Cut(text, "=")
		if _, twice := o.Environ[name]; !twice { // getenv gives the first
			o.Environ[name] = value
		}
	}
	args, err := fs.read(ofPID(p.PID, "cmdline"))
	if err != nil {
		return o, err
	}
	o.Args = fields(args)
	if o.Secure, err = parse(fs, ofPID(p.PID, "auxv"), parseSecure); err != nil {
		return o, err
	}
	status, err := fs.read(ofPID(p.PID, "status"))
	if err != nil {
		return o, err
	}
	if err := o.parseRights(status); err != nil {
		return o, err
	}
	exe := ofPID(p.PID, "exe")
	if o.Program, err = os.Readlink(fs.path(exe)); err != nil {
		return o, explain(exe, err)
	}
	o.Program = strings.TrimSuffix(o.Program, " (deleted)")
	info, err := os.Stat(fs.path(exe))
	if err != nil {
		return o, explain(exe, err)
	}
	o.Mode = info.Mode()
	return o, fs.still(p)
}

// fields splits what the kernel ends with 0 bytes.
func fields(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	return strings.Split(string(bytes.TrimSuffix(b, []byte{0})), "\x00")
}

// parseRights takes the effective user and group, and what the capabilities say of
// reading, out of /proc/PID/status.
func (o *Origin) parseRights(status []byte) error {
	const override, search = 1 << 1, 1 << 2 // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
	for len(status) > 0 {
		var line []byte
		line, status = cutLine(status)
		key, value := cutKey(line)
		words := strings.Fields(string(value))
		var err error
		switch name := string(key); {
		case name == "Uid" && len(words) > 1:
			o.UID, err = strconv.Atoi(words[1])
		case name == "Gid" && len(words) > 1:
			o.GID, err = strconv.Atoi(words[1])
		case name == "CapEff" && len(words) > 0:
			var caps uint64
			caps, err = strconv.ParseUint(words[0], 16, 64)
			o.ReadAll = caps&(override|search) != 0
		}
		if err != nil {
			return fmt.Errorf("status: %w", err)
		}
	}
	return nil
}

// parseSecure looks for AT_SECURE in /proc/PID/auxv: pairs of words of 64 bits.
func parseSecure(b []byte) (bool, error) {
	const (
		null   = 0
		secure = 23
		word   = 8
	)
	for len(b) >= 2*word {
		key, value := binary.NativeEndian.Uint64(b), binary.NativeEndian.Uint64(b[word:])
		switch key {
		case secure:
			return value != 0, nil
		case null:
			return false, nil
		}
		b = b[2*word:]
	}
	return false, errors.New("no end")
}

// OpenIn opens a file as a process sees it, whatever links there are on the way,
// or its program where the path is that of it. It has to be a regular file: no
// reading of it waits for anybody.
func (fs FS) OpenIn(p bench.Process, path string) (*os.File, error) {
	f, err := openIn(fs.path(ofPID(p.PID, "root")), path)
	if err == nil {
		err = fs.still(p)
	}
	if err != nil {
		if f != nil {
			_ = f.Close() // it was not read
		}
		return nil, err
	}
	return f, nil
}

// OpenProgram opens the executable file of a process, also where its path names
// another one by now.
func (fs FS) OpenProgram(p bench.Process) (*os.File, error) {
	name := ofPID(p.PID, "exe")
	f, err := os.Open(fs.path(name))
	if err != nil {
		return nil, explain(name, err)
	}
	if err := fs.still(p); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// regular gives an error unless a file is one.
func regular(f *os.File, path string) error {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	return err
}
