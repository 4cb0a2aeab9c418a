// The service of the conformance suite: it tells its environment, ends as it is
// told to, and starts a child.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// eat takes memory until somebody puts an end to it.
func eat() {
	var eaten [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = 1
		}
		eaten = append(eaten, b)
	}
}

// fill puts into dir what has no business there.
func fill(dir string) error {
	big, err := os.Create(filepath.Join(dir, "big"))
	if err != nil {
		return err
	}
	defer big.Close()
	os.Symlink("/etc/passwd", filepath.Join(dir, "link"))
	syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o666)
	os.Chmod(filepath.Join(dir, "big"), 0o755|os.ModeSetuid)
	deep := dir
	for range 20 {
		deep = filepath.Join(deep, "d")
		os.Mkdir(deep, 0o777)
	}
	for i := range 3000 {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), nil, 0o666); err != nil {
			return err
		}
	}
	_, err = big.Write(make([]byte, 8<<20))
	return err
}

func main() {
	if len(os.Args) > 1 { // the child
		if os.Args[1] == "childeat" {
			eat()
		}
		time.Sleep(time.Hour)
	}
	fmt.Println("hello to stdout")
	fmt.Fprintln(os.Stderr, "hello to stderr")
	if code, err := strconv.Atoi(os.Getenv("EXIT")); err == nil {
		os.Exit(code)
	}
	signal.Ignore(syscall.SIGTERM) // what removes it must not have to ask
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, os.Getenv(r.FormValue("name")))
	})
	http.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) {
		time.AfterFunc(50*time.Millisecond, func() { os.Exit(0) }) // after the answer
	})
	http.HandleFunc("/child", func(w http.ResponseWriter, r *http.Request) {
		if err := exec.Command(os.Args[0], "child"+r.FormValue("what")).Start(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	http.HandleFunc("/fill", func(w http.ResponseWriter, _ *http.Request) {
		if err := fill(filepath.Dir(os.Getenv("SOCKET"))); err != nil {
			io.WriteString(w, err.Error())
		}
	})
	http.HandleFunc("/eat", func(http.ResponseWriter, *http.Request) { eat() })
	l, err := net.Listen("unix", os.Getenv("SOCKET"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(l, nil)
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Getenv("ADDR"), nil))
	os.Exit(1)
}
