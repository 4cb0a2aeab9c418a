package runs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// world is the place from which owners are judged.
type world struct {
	proc    string // where /proc is
	host    string
	machine string
	boot    string
	pid     int
	pidNS   uint64
	timeNS  uint64
	signal  func(pid int) error // kill(pid, 0)
}

// The kernel's own number of the PID namespace that all others are inside of.
const firstPIDNS = 0xEFFFFFFC

func here() world {
	w := world{proc: "/proc", pid: os.Getpid(), signal: func(pid int) error { return syscall.Kill(pid, 0) }}
	// What cannot be read stays empty, and then nobody is declared dead by it.
	if host, err := os.Hostname(); err == nil {
		w.host = strings.Join(strings.Fields(host), "_")
	}
	for _, file := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if w.machine = word(file); w.machine != "" {
			break
		}
	}
	w.look()
	return w
}

// look reads what /proc tells of this world.
func (w *world) look() {
	w.boot = word(filepath.Join(w.proc, "sys/kernel/random/boot_id"))
	w.pidNS = namespace(filepath.Join(w.proc, "self/ns/pid"))
	w.timeNS = namespace(filepath.Join(w.proc, "self/ns/time"))
}

// word is a file that holds one word; empty: there is none.
func word(file string) string {
	text, err := os.ReadFile(file)
	if f := strings.Fields(string(text)); err == nil && len(f) == 1 {
		return f[0]
	}
	return ""
}

// namespace is the number in a link such as pid:[4026531836]; 0: there is none.
func namespace(link string) uint64 {
	text, err := os.Readlink(link)
	if err != nil {
		return 0
	}
	_, number, _ := strings.Cut(text, ":")
	n, _ := strconv.ParseUint(strings.Trim(number, "[]"), 10, 64)
	return n
}

// judge says what can be told of an owner from here. Only what is certain makes
// it Dead: its containers are removed then.
func (w world) judge(o Owner) Verdict {
	who := "its owner, process " + strconv.Itoa(o.PID)
	alive := Verdict{Alive, who + ", is alive"}
	dead := Verdict{Dead, who + ", has ended"}
	switch {
	case o.Boot == "" || o.Boot != w.boot:
		if w.rebooted(o) {
			return dead
		}
		if o.Host != w.host {
			who += " on " + dash(o.Host)
		} else {
			who += " of another boot, or of another machine called " + dash(o.Host)
		}
	case o.PIDNS == w.pidNS && w.pidNS != 0:
		switch life, hidden := w.neighbour(o); {
		case life == Alive:
			return alive
		case life == Dead:
			return dead
		case hidden != "":
			return Verdict{Unknown, who + ", cannot be identified: " + hidden}
		}
	default:
		switch w.search(o) {
		case Alive:
			return alive
		case Dead:
			return dead
		}
		if o.PIDNS != 0 {
			who += " in another PID namespace"
		} else {
			who += ", whose PID namespace was not recorded"
		}
	}
	return Verdict{Unknown, who + ", cannot be seen from here"}
}

// rebooted says that the owner was on this very machine before it was started
// anew. Host names repeat, and so do machine ids in containers of one image:
// both have to be equal, and neither side inside a container.
func (w world) rebooted(o Owner) bool {
	return o.Boot != "" && w.boot != "" &&
		o.Host == w.host && o.Machine == w.machine && o.Machine != "" &&
		o.PIDNS == firstPIDNS && w.pidNS == firstPIDNS
}

// neighbour judges an owner whose number means the same here. hidden says why
// that could not be done.
func (w world) neighbour(o Owner) (life Life, hidden string) {
	if w.ours() {
		s, there, err := proc.ReadStat(w.proc, strconv.Itoa(o.PID))
		switch {
		case err != nil || !there: // see below
		case !s.Running():
			return Dead, ""
		case o.TimeNS != w.timeNS:
			return Unknown, "its start was read in another time namespace"
		case s.Start == o.Start:
			return Alive, ""
		default:
			return Dead, "" // the number was used again
		}
	}
	// Where /proc hides other users' processes, kill knows them all the same:
	// it gives EPERM for them, and ESRCH for none but those that have ended.
	if errors.Is(w.signal(o.PID), syscall.ESRCH) {
		return Dead, ""
	}
	return Unknown, "a process has that number, and /proc does not show which"
}

// ours says that /proc counts processes as this one does. Without a mount of its
// own, a new PID namespace sees that of the one around it.
func (w world) ours() bool {
	self, err := os.Readlink(filepath.Join(w.proc, "self"))
	return err == nil && self == strconv.Itoa(w.pid)
}

// search looks for an owner of another PID namespace among all processes. Only
// from the first namespace all can be seen; from elsewhere it is Unknown.
func (w world) search(o Owner) Life {
	if w.pidNS != firstPIDNS || !w.ours() || w.hides() {
		return Unknown
	}
	entries, err := os.ReadDir(w.proc)
	if err != nil {
		return Unknown
	}
	life := Dead
	for _, d := range entries {
		if _, err := strconv.Atoi(d.Name()); err != nil {
			continue
		}
		same, err := w.is(d.Name(), o)
		switch {
		case err != nil:
			life = Unknown
		case same:
			return Alive
		}
	}
	return life
}

// is says that a process of /proc is the owner, by its number in its own
// namespace and its start.
func (w world) is(pid string, o Owner) (bool, error) {
	s, there, err := proc.ReadStat(w.proc, pid)
	if err != nil || !there || !s.Running() {
		return false, err
	}
	inside, err := innermost(filepath.Join(w.proc, pid, "status"))
	if err != nil || inside != o.PID {
		if proc.Gone(err) {
			err = nil
		}
		return false, err
	}
	if o.PIDNS == 0 {
		// An old name ends with the start, and a file may have been cut short.
		return strings.HasPrefix(strconv.FormatUint(s.Start, 10), strconv.FormatUint(o.Start, 10)), nil
	}
	return o.TimeNS != w.timeNS || s.Start == o.Start, nil
}

// innermost is the number of a process in its own PID namespace.
func innermost(status string) (int, error) {
	text, err := os.ReadFile(status)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok {
			f := strings.Fields(numbers)
			if len(f) == 0 {
				break
			}
			return strconv.Atoi(f[len(f)-1])
		}
	}
	return 0, fmt.Errorf("%s does not show the process numbers in namespaces", status)
}

// hides says that /proc does, or may, keep processes from this user.
func (w world) hides() bool {
	text, err := os.ReadFile(filepath.Join(w.proc, "self/mounts"))
	if err != nil {
		return true
	}
	open := false
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 4 || f[1] != "/proc" {
			continue
		}
		// The last mount covers those before it.
		open = f[2] == "proc" && !slices.ContainsFunc(strings.Split(f[3], ","), func(option string) bool {
			value, hidden := strings.CutPrefix(option, "hidepid=")
			return hidden && value != "0" && value != "off"
		})
	}
	return !open
}
