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
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		for range term {
			if os.Getenv("STUBBORN") == "" {
				os.Exit(0)
			}
		}
	}()
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, os.Getenv(r.FormValue("name")))
	})
	http.HandleFunc("/exit", func(_ http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.FormValue("code"))
		os.Exit(code)
	})
	http.HandleFunc("/child", func(w http.ResponseWriter, r *http.Request) {
		if err := exec.Command(os.Args[0], "child"+r.FormValue("what")).Start(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
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
