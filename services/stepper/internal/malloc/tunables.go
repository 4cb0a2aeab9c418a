package malloc

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path"
	"strings"
	"time"
)

// listWithin is what the loader may take to list its tunables.
const listWithin = 5 * time.Second

// Tunables gives what glibc takes from this environment, under its own names,
// such as glibc.malloc.arena_max: its loader, run once as a program, lists them,
// what older variables such as MALLOC_ARENA_MAX say included. It may be called
// on any thread. It is empty where the C library is another, or one before 2.33.
func Tunables(ctx context.Context) map[string]string {
	loader := mappedLoader()
	if loader == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	list := exec.CommandContext(ctx, loader, "--list-tunables")
	list.WaitDelay = listWithin
	text, err := list.Output()
	if err != nil {
		return nil // an old one takes the option for a program's name
	}
	return parseTunables(string(text))
}

// parseTunables reads lines such as
//
//	glibc.malloc.arena_max: 0x2 (min: 0x1, max: 0xffffffffffffffff)
func parseTunables(text string) map[string]string {
	tunables := map[string]string{}
	for line := range strings.Lines(text) {
		name, rest, found := strings.Cut(line, ": ")
		value, _, _ := strings.Cut(rest, " (min:")
		if found {
			tunables[name] = strings.TrimSpace(value)
		}
	}
	return tunables
}

// mappedLoader gives the file of glibc's loader in this process; empty: there is
// none.
func mappedLoader() string {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return ""
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		_, file, found := strings.Cut(lines.Text(), "/")
		if base := path.Base(file); found && strings.HasPrefix(base, "ld") && strings.Contains(base, ".so") && !strings.HasPrefix(base, "ld-musl") {
			return "/" + file
		}
	}
	return ""
}
