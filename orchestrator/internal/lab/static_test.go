package lab

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// idle is a program that ends with its standard input. Built without cgo it maps
// nothing but itself, as a service does that is linked statically.
const idle = `package main

import (
	"io"
	"os"
)

func main() { io.Copy(io.Discard, os.Stdin) }
`

// static gives the number of a process that stands for those of the variants: the
// tests' own program maps a C library.
func static() int {
	cmd, err := startStatic()
	if err != nil {
		panic(err)
	}
	return cmd.Process.Pid
}

// startStatic starts it once. It ends with this process, for the command holds
// the other end of its standard input.
var startStatic = sync.OnceValues(func() (*exec.Cmd, error) {
	dir, err := os.MkdirTemp("", "lab-static-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // the process has the program open
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(idle), 0o644); err != nil {
		return nil, err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "idle"), file)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(dir, "idle"))
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return cmd, cmd.Start()
})

// program is an executable file.
type program struct{ path, sha256 string }

// staticProgram is that of static, which nobody else finds any more.
var staticProgram = sync.OnceValue(func() program {
	exe := fmt.Sprintf("/proc/%d/exe", static())
	path, err := os.Readlink(exe)
	if err != nil {
		panic(err)
	}
	text, err := os.ReadFile(exe)
	if err != nil {
		panic(err)
	}
	return program{strings.TrimSuffix(path, " (deleted)"), fmt.Sprintf("%x", sha256.Sum256(text))}
})
