package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"unicode"
)

// bash runs a command to its end, or that of the context, and gives what it
// prints, without the white space at the end, or if that is not to be kept
// nothing. How it ends, and what it says on its standard error, does not matter.
// What the command leaves running is waited for as long as it may still print.
func bash(ctx context.Context, command string, keep bool) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", "--", command)
	// What the command starts ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return "", fmt.Errorf("run bash: %w", nameLimit(err))
	}
	if err := cmd.Start(); errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("bash is not installed")
	} else if err != nil {
		return "", fmt.Errorf("run bash: %w", nameLimit(err))
	}
	stop := context.AfterFunc(ctx, func() { _ = pipe.Close() }) // something may have left the group
	defer stop()
	var out []byte
	if keep {
		out, err = io.ReadAll(io.LimitReader(pipe, maxKept+1))
	} else {
		_, err = io.Copy(io.Discard, pipe)
	}
	if len(out) > maxKept || err != nil {
		cancel()
	}
	_ = cmd.Wait()
	switch {
	case len(out) > maxKept:
		return "", errors.New("the command prints more than 64 MB")
	case err != nil:
		return "", fmt.Errorf("read what the command prints: %w", err)
	}
	return strings.TrimRightFunc(lossy(out), unicode.IsSpace), nil
}
