package store

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// While a compressed stream takes the place of the other, a crash leaves both, or
// one; none is lost, and a run that is over does not go on.
func TestPacking(t *testing.T) {
	needs.Patience(t, "compresses large files")
	long := small()
	for i := range packAt / 50 {
		long = append(long, Record{Of{"libc", 2}, bench.Sample{At: time.Duration(i), Anon: 4096}})
	}
	stream := text(t, long)
	dir := saved(t, stream[:len(stream)/2])
	f := &Folder{Dir: dir}
	var err error
	if f.stream, err = os.OpenFile(f.path(streamFile), os.O_RDWR|os.O_APPEND, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := f.stream.Write(stream[len(stream)/2:]); err != nil {
		t.Fatal(err)
	}
	if err := f.pack(); err != nil {
		t.Fatal(err)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(f.path(streamFile)); err == nil {
		t.Error("the stream is there twice")
	}
	check := func() {
		t.Helper()
		exp, err := Load(dir)
		if err != nil || exp.Interrupted || len(exp.Trials) != 4 || exp.Trials[2].Samples.Len() != 3+packAt/50 {
			t.Errorf("%v", err)
		}
	}
	check()
	refused(t, dir, "is over")
	put(t, f.path(streamFile), stream) // as before the last step
	check()
	refused(t, dir, "is over")
	if err := os.Remove(f.path(packedFile)); err != nil { // as before the first
		t.Fatal(err)
	}
	put(t, f.path("."+packedFile+".0123.tmp"), []byte{0x1f})
	check()
	refused(t, dir, "is over")
}

// A lock ends with its process, however that ends.
func TestKilledLock(t *testing.T) {
	if dir := os.Getenv("STORE_TEST_HOLD"); dir != "" {
		if _, _, err := Reopen(dir); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, "held"), nil)
		time.Sleep(time.Minute)
		return
	}
	dir := saved(t, text(t, interrupted()))
	cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledLock$")
	cmd.Env = append(os.Environ(), "STORE_TEST_HOLD="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for tries := 0; ; tries++ {
		if _, err := os.Lstat(filepath.Join(dir, "held")); err == nil {
			break
		}
		if tries > 500 {
			_ = cmd.Process.Kill()
			t.Fatal("it does not begin")
		}
		time.Sleep(20 * time.Millisecond)
	}
	refused(t, dir, "is under way")
	if _, err := Create(dir, "", noon); err == nil || !strings.Contains(err.Error(), "belongs to another run, which is under way") {
		t.Error(err)
	}
	if exp, err := Load(dir); err != nil || !exp.Interrupted {
		t.Errorf("looked at meanwhile: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	f, _ := reopened(t, dir)
	if err := f.Leave(); err != nil {
		t.Error(err)
	}
}
