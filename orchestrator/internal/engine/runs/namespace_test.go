package runs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// orderVariable tells this test's program, started once more in namespaces of
// its own, what to do there, as JSON.
const orderVariable = "STEPPER_ENGINE_TEST_ORDER"

// refused begins what it tells when it may not do it.
const refused = "refused:"

type order struct {
	Proc  string // mount /proc anew with these options
	User  int    // become this user; 0: stay who it is
	Names []string
}

// obey judges each of the names, and then tells who it is itself until its
// standard input ends.
func (o order) obey() error {
	if o.Proc != "" {
		err := errors.Join(
			unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("proc", "/proc", "proc", 0, o.Proc))
		if err != nil {
			return err
		}
	}
	if o.User != 0 {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(o.User), syscall.Setuid(o.User)); err != nil {
			return err
		}
	}
	for _, name := range o.Names {
		v := Judge(name)
		fmt.Println(int(v.Life), v.Why)
	}
	self, err := Self()
	if err != nil {
		return err
	}
	fmt.Println(self)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func TestMain(m *testing.M) {
	if text := os.Getenv(orderVariable); text != "" {
		var o order
		err := errors.Join(json.Unmarshal([]byte(text), &o), o.obey())
		if errors.Is(err, fs.ErrPermission) {
			fmt.Println(refused, err)
		} else if err != nil {
			fmt.Println("error:", err)
		}
		return
	}
	os.Exit(m.Run())
}

// elsewhere has an order obeyed in new namespaces, and gives the lines that were
// told, and what ends it.
func elsewhere(t *testing.T, flags uintptr, o order) (told []string, end func()) {
	t.Helper()
	needs.Root(t, "make namespaces")
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe") // it ends with its standard input
	cmd.Env = append(os.Environ(), orderVariable+"="+string(text))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	needs.Right(t, "make namespaces", cmd.Start())
	lines := bufio.NewScanner(out)
	for range len(o.Names) + 1 {
		if !lines.Scan() {
			break
		}
		told = append(told, lines.Text())
	}
	if last := strings.Join(told, "\n"); strings.HasPrefix(last, refused) {
		in.Close()
		needs.Right(t, "make namespaces", fmt.Errorf("%w: %v, %s", fs.ErrPermission, cmd.Wait(), last))
	} else if len(told) != len(o.Names)+1 {
		in.Close()
		t.Fatal(cmd.Wait(), last)
	}
	var once sync.Once
	end = func() {
		once.Do(func() {
			in.Close()
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(end)
	return told, end
}

// TestJudgeElsewhere: a run that is alive is not dead, from wherever it is
// looked at.
func TestJudgeElsewhere(t *testing.T) {
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), "true")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	ended, again := self, self
	ended.PID = child.Process.Pid
	again.Start++
	early := strings.Join(strings.Fields(self.String())[:4], " ")
	names := []string{self.String(), early, ended.String(), again.String()}
	for name, c := range map[string]struct {
		flags uintptr
		order order
		want  [4]Life // of self, self as earlier versions wrote it, ended and again
		why   string  // of self
	}{
		"PID namespace":                      {unix.CLONE_NEWPID | unix.CLONE_NEWNS, order{Proc: "hidepid=0"}, [4]Life{}, "in another PID namespace, cannot be seen from here"},
		"PID namespace without /proc":        {unix.CLONE_NEWPID, order{}, [4]Life{}, "in another PID namespace"},
		"PID namespace as another user":      {unix.CLONE_NEWPID | unix.CLONE_NEWNS, order{Proc: "hidepid=2", User: 65534}, [4]Life{}, "in another PID namespace"},
		"hidepid=2 as another user":          {unix.CLONE_NEWNS, order{Proc: "hidepid=2", User: 65534}, [4]Life{Unknown, Unknown, Dead, Unknown}, "/proc does not show which"},
		"hidepid=1 as another user":          {unix.CLONE_NEWNS, order{Proc: "hidepid=1", User: 65534}, [4]Life{Unknown, Unknown, Dead, Unknown}, "/proc does not show which"},
		"hidepid=2 as root":                  {unix.CLONE_NEWNS, order{Proc: "hidepid=2"}, [4]Life{Alive, Unknown, Dead, Dead}, "is alive"},
		"nothing hidden, as another user":    {unix.CLONE_NEWNS, order{Proc: "hidepid=0", User: 65534}, [4]Life{Alive, Alive, Dead, Dead}, "is alive"},
		"a mount namespace and nothing more": {unix.CLONE_NEWNS, order{}, [4]Life{Alive, Alive, Dead, Dead}, "is alive"},
	} {
		t.Run(name, func(t *testing.T) {
			c.order.Names = names
			told, _ := elsewhere(t, c.flags, c.order)
			for i, want := range c.want {
				if i == 1 && self.PIDNS != firstPIDNS {
					want = Unknown // only from the first namespace all can be searched
				}
				if !strings.HasPrefix(told[i], fmt.Sprint(int(want), " ")) {
					t.Errorf("%s: %s; want %d", names[i], told[i], want)
				}
			}
			if !strings.Contains(told[0], c.why) {
				t.Errorf("%s; want %q", told[0], c.why)
			}
		})
	}
}

// TestJudgeInside: from the first PID namespace, the owners in all others can be
// judged.
func TestJudgeInside(t *testing.T) {
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	told, end := elsewhere(t, unix.CLONE_NEWPID|unix.CLONE_NEWNS, order{Proc: "hidepid=0"})
	owner, err := ParseOwner(told[0])
	if err != nil || owner.PID != 1 || owner.PIDNS == self.PIDNS || owner.Boot != self.Boot {
		t.Fatalf("%+v, %v; want the first of a namespace of its own", owner, err)
	}
	alive, dead := Alive, Dead
	if self.PIDNS != firstPIDNS {
		alive, dead = Unknown, Unknown
	}
	if v := Judge(told[0]); v.Life != alive {
		t.Errorf("%+v", v)
	}
	end()
	if v := Judge(told[0]); v.Life != dead {
		t.Errorf("after its end: %+v", v)
	}
}
