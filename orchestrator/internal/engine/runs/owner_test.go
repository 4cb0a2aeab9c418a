package runs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

func TestOwnerName(t *testing.T) {
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Owner{
		self,
		{Host: "h", Boot: "b", PID: 1, Start: 2, PIDNS: 3, TimeNS: 4, Machine: "m"},
		{PID: 1},
	} {
		if read, err := ParseOwner(o.String()); err != nil || read != o {
			t.Errorf("ParseOwner(%q) = %+v, %v", o, read, err)
		}
	}
	if read, err := ParseOwner("h - 1 2"); err != nil || read != (Owner{Host: "h", PID: 1, Start: 2}) {
		t.Errorf("of an earlier version: %+v, %v", read, err)
	}
	for _, bad := range []string{
		"", "a b c", "h - x 1", "h - 1 x", "h - 0 1", "h - -4 1", "h b 1 2 3", "h b 1 2 3 4",
		"h b 1 2 x 4 m", "h b 1 2 3 x m", "h b 1 2 3 4 m more", "\x00",
	} {
		if _, err := ParseOwner(bad); err == nil {
			t.Errorf("ParseOwner(%q): no error", bad)
		}
		if v := Judge(bad); v.Life != Unknown || v.Why == "" {
			t.Errorf("Judge(%q) = %+v; want one that is not known", bad, v)
		}
	}
}

// TestJudgeHere judges real processes from where this test runs.
func TestJudgeHere(t *testing.T) {
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, pid int, start uint64, want Life) {
		t.Helper()
		o := self
		o.PID, o.Start = pid, start
		if v := Judge(o.String()); v.Life != want {
			t.Errorf("%s: %+v, want %v", what, v, want)
		}
	}
	check("self", self.PID, self.Start, Alive)
	check("the pid, used again", self.PID, self.Start+1, Dead)

	child := exec.CommandContext(t.Context(), "cat")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	pid := child.Process.Pid
	start, _, err := proc.StartTime(pid)
	if err != nil {
		t.Fatal(err)
	}
	check("a child", pid, start, Alive)
	// The signal has arrived when the kernel says that the child has stopped.
	var status syscall.WaitStatus
	if err := child.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := syscall.Wait4(pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatal(status, err)
	}
	check("suspended", pid, start, Alive)
	if err := child.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	in.Close()
	ended(t, pid)
	check("a zombie", pid, start, Dead)
	if err := child.Wait(); err != nil {
		t.Error(err)
	}
	check("ended", pid, start, Dead)
}

// ended waits until a child has ended, and leaves it a zombie.
func ended(t *testing.T, pid int) {
	t.Helper()
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
}

// machine is a /proc as files, and what else judges look at.
type machine struct {
	t    *testing.T
	proc string
}

func (m machine) write(name, text string) {
	m.t.Helper()
	name = filepath.Join(m.proc, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m machine) link(name, to string) {
	m.t.Helper()
	name = filepath.Join(m.proc, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Symlink(to, name); err != nil {
		m.t.Fatal(err)
	}
}

// process adds one whose numbers in the namespaces, from ours inwards, are
// given. The line is a captured one.
func (m machine) process(state string, threads int, start uint64, numbers ...int) {
	m.t.Helper()
	pid := strconv.Itoa(numbers[0])
	m.write(pid+"/stat", fmt.Sprintf("%s (a) b) %s 1 10748 6860 0 -1 4227084 132 0 1 0 0 0 0 0 20 0 %d 0 %d 0 0 18446744073709551615 0 0 0 0 0 0 0 6 0 0 0 0 17 1 0 0\n", pid, state, threads, start))
	m.write(pid+"/status", "Name:\ta\nNSpid:\t"+strings.Trim(fmt.Sprint(numbers), "[]")+"\nNSsid:\t1\n")
}

const open, hides = "proc /proc proc rw,nosuid,relatime 0 0\n", "sysfs /sys sysfs rw 0 0\nproc /proc proc rw,relatime,hidepid=invisible 0 0\n"

// newMachine has a process 100 that judges, in the given namespace.
func newMachine(t *testing.T, pidNS uint64, mounts string) (machine, world) {
	t.Helper()
	m := machine{t, t.TempDir()}
	m.write("sys/kernel/random/boot_id", "boot\n")
	m.write("100/mounts", mounts)
	m.link("100/ns/pid", fmt.Sprintf("pid:[%d]", pidNS))
	m.link("100/ns/time", "time:[4026531834]")
	m.process("R", 4, 5000, 100)
	m.link("self", "100")
	w := world{proc: m.proc, host: "host", machine: "machine", pid: 100, signal: func(int) error { return syscall.ESRCH }}
	w.look()
	if w.boot != "boot" || w.pidNS != pidNS || w.timeNS != 4026531834 {
		t.Fatalf("looked like %+v", w)
	}
	return m, w
}

const (
	inner   = uint64(4026532178) // a container's PID namespace
	another = uint64(4026532200) // another one's
)

// owner is one in the namespace ns with the number 47 and the start 900.
func owner(ns uint64) Owner {
	return Owner{Host: "host", Boot: "boot", PID: 47, Start: 900, PIDNS: ns, TimeNS: 4026531834, Machine: "machine"}
}

func with(o Owner, change func(*Owner)) Owner {
	change(&o)
	return o
}

func TestJudge(t *testing.T) {
	early := func(o Owner) Owner { // as earlier versions wrote it
		return Owner{Host: o.Host, Boot: o.Boot, PID: o.PID, Start: o.Start}
	}
	rebooted := func(ns uint64) Owner { return with(owner(ns), func(o *Owner) { o.Boot = "before" }) }
	there := func(m machine) { m.process("S", 9, 900, 47) }
	nobody := func(machine) {}
	for name, c := range map[string]struct {
		from    uint64
		mounts  string
		add     func(machine)
		owner   Owner
		signal  error
		want    Life
		because string
	}{
		"same namespace, there":            {firstPIDNS, open, there, owner(firstPIDNS), nil, Alive, "process 47, is alive"},
		"same namespace, gone":             {firstPIDNS, open, nobody, owner(firstPIDNS), syscall.ESRCH, Dead, "has ended"},
		"in a container, there":            {inner, open, there, owner(inner), nil, Alive, ""},
		"in a container, gone":             {inner, open, nobody, owner(inner), syscall.ESRCH, Dead, ""},
		"pid 1 of a container":             {inner, open, func(m machine) { m.process("S", 9, 900, 1) }, with(owner(inner), func(o *Owner) { o.PID = 1 }), nil, Alive, ""},
		"pid used again":                   {firstPIDNS, open, func(m machine) { m.process("S", 1, 901, 47) }, owner(firstPIDNS), nil, Dead, ""},
		"suspended":                        {firstPIDNS, open, func(m machine) { m.process("T", 9, 900, 47) }, owner(firstPIDNS), nil, Alive, ""},
		"waits for a disk":                 {firstPIDNS, open, func(m machine) { m.process("D", 9, 900, 47) }, owner(firstPIDNS), nil, Alive, ""},
		"zombie":                           {firstPIDNS, open, func(m machine) { m.process("Z", 1, 900, 47) }, owner(firstPIDNS), nil, Dead, ""},
		"zombie whose threads run":         {firstPIDNS, open, func(m machine) { m.process("Z", 2, 900, 47) }, owner(firstPIDNS), nil, Alive, ""},
		"hidden, another user's":           {firstPIDNS, hides, nobody, owner(firstPIDNS), syscall.EPERM, Unknown, "/proc does not show which"},
		"hidden, this user's":              {firstPIDNS, hides, nobody, owner(firstPIDNS), nil, Unknown, "/proc does not show which"},
		"hidden, gone":                     {firstPIDNS, hides, nobody, owner(firstPIDNS), syscall.ESRCH, Dead, ""},
		"not hidden from its own user":     {firstPIDNS, hides, there, owner(firstPIDNS), nil, Alive, ""},
		"kill is forbidden by a filter":    {firstPIDNS, hides, nobody, owner(firstPIDNS), syscall.ENOSYS, Unknown, ""},
		"stat is cut short":                {firstPIDNS, open, func(m machine) { m.write("47/stat", "47 (a) S 1") }, owner(firstPIDNS), nil, Unknown, ""},
		"another time namespace":           {firstPIDNS, open, func(m machine) { m.process("S", 9, 12, 47) }, with(owner(firstPIDNS), func(o *Owner) { o.TimeNS = 4026532999 }), nil, Unknown, "time namespace"},
		"another time namespace, gone":     {firstPIDNS, open, nobody, with(owner(firstPIDNS), func(o *Owner) { o.TimeNS = 4026532999 }), syscall.ESRCH, Dead, ""},
		"in a container, from outside":     {firstPIDNS, open, func(m machine) { m.process("S", 9, 900, 4711, 47) }, owner(inner), nil, Alive, ""},
		"its number is another's outside":  {firstPIDNS, open, func(m machine) { m.process("S", 9, 900, 4711, 47); m.process("S", 9, 7, 47) }, owner(inner), nil, Alive, ""},
		"its container is gone":            {firstPIDNS, open, func(m machine) { m.process("S", 9, 12, 47) }, owner(inner), nil, Dead, ""},
		"a zombie in its container":        {firstPIDNS, open, func(m machine) { m.process("Z", 1, 900, 4711, 47) }, owner(inner), nil, Dead, ""},
		"outside hides":                    {firstPIDNS, hides, nobody, owner(inner), nil, Unknown, "in another PID namespace"},
		"outside shows half":               {firstPIDNS, open, func(m machine) { m.write("4711/stat", "4711 (a) S") }, owner(inner), nil, Unknown, ""},
		"no NSpid":                         {firstPIDNS, open, func(m machine) { m.process("S", 1, 900, 4711, 47); m.write("4711/status", "Name:\ta\n") }, owner(inner), nil, Unknown, ""},
		"outside, from a container":        {inner, open, nobody, owner(firstPIDNS), syscall.ESRCH, Unknown, "process 47 in another PID namespace, cannot be seen from here"},
		"from another container":           {another, open, nobody, owner(inner), syscall.ESRCH, Unknown, "in another PID namespace"},
		"same number in another container": {another, open, func(m machine) { m.process("S", 1, 12, 47) }, owner(inner), nil, Unknown, ""},
		"earlier version, there":           {firstPIDNS, open, there, early(owner(0)), nil, Alive, ""},
		"earlier version, gone":            {firstPIDNS, open, nobody, early(owner(0)), syscall.ESRCH, Dead, ""},
		"earlier version, in a container":  {firstPIDNS, open, func(m machine) { m.process("S", 9, 900, 4711, 47) }, early(owner(0)), syscall.ESRCH, Alive, ""},
		"earlier version, pid used again":  {firstPIDNS, open, func(m machine) { m.process("S", 9, 7, 47) }, early(owner(0)), nil, Dead, ""},
		"earlier version, cut short":       {firstPIDNS, open, there, with(early(owner(0)), func(o *Owner) { o.Start = 9 }), nil, Alive, ""},
		"earlier version, from inside":     {inner, open, nobody, early(owner(0)), syscall.ESRCH, Unknown, "was not recorded"},
		"rebooted":                         {firstPIDNS, open, there, rebooted(firstPIDNS), nil, Dead, ""},
		"rebooted, another machine id":     {firstPIDNS, open, nobody, with(rebooted(firstPIDNS), func(o *Owner) { o.Machine = "x" }), syscall.ESRCH, Unknown, "another machine called host"},
		"rebooted, no machine id":          {firstPIDNS, open, nobody, with(rebooted(firstPIDNS), func(o *Owner) { o.Machine = "" }), syscall.ESRCH, Unknown, ""},
		"rebooted, another host":           {firstPIDNS, open, nobody, with(rebooted(firstPIDNS), func(o *Owner) { o.Host = "x" }), syscall.ESRCH, Unknown, "process 47 on x, cannot be seen"},
		"rebooted, from a container":       {inner, open, nobody, rebooted(firstPIDNS), syscall.ESRCH, Unknown, ""},
		"rebooted, containers of an image": {inner, open, nobody, rebooted(inner), syscall.ESRCH, Unknown, ""},
		"rebooted, earlier version":        {firstPIDNS, open, nobody, early(rebooted(0)), syscall.ESRCH, Unknown, ""},
		"no boot id":                       {firstPIDNS, open, nobody, with(owner(firstPIDNS), func(o *Owner) { o.Boot = "" }), syscall.ESRCH, Unknown, ""},
		"one boot, a renamed host":         {firstPIDNS, open, nobody, with(owner(firstPIDNS), func(o *Owner) { o.Host = "x" }), syscall.ESRCH, Dead, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, w := newMachine(t, c.from, c.mounts)
			c.add(m)
			w.signal = func(pid int) error {
				if pid != 47 && pid != 1 {
					t.Errorf("signal to %d", pid)
				}
				return c.signal
			}
			got := w.judge(c.owner)
			if got.Life != c.want || !strings.Contains(got.Why, c.because) || !strings.HasPrefix(got.Why, "its owner, process ") {
				t.Errorf("%+v; want %v, %q", got, c.want, c.because)
			}
		})
	}
}

// TestProcOfAnotherNamespace: without a mount of its own, a new namespace sees
// the numbers of the one around it, which say nothing.
func TestProcOfAnotherNamespace(t *testing.T) {
	m, w := newMachine(t, inner, open)
	m.process("S", 1, 12, 47) // another's
	w.pid = 2
	w.signal = func(int) error { return nil }
	if v := w.judge(owner(inner)); v.Life != Unknown {
		t.Errorf("%+v", v)
	}
	w.signal = func(int) error { return syscall.ESRCH }
	if v := w.judge(owner(inner)); v.Life != Dead {
		t.Errorf("%+v", v)
	}
	w.pidNS = firstPIDNS
	if v := w.judge(owner(inner)); v.Life != Unknown {
		t.Errorf("search: %+v", v)
	}
}
