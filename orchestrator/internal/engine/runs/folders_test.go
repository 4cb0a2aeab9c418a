package runs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// TestForeignFolders: what others may have put there is never looked into.
func TestForeignFolders(t *testing.T) {
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	f := &Folders{Root: t.TempDir(), Prefix: "p-", Owner: self}
	dir, err := f.Add("r", "v", "")
	if err != nil {
		t.Fatal(err)
	}
	list := func() int {
		t.Helper()
		runs, err := f.Runs()
		if err != nil {
			t.Fatal(err)
		}
		return len(runs)
	}
	if n := list(); n != 1 {
		t.Errorf("%d runs, want 1", n)
	}
	run := filepath.Dir(dir)
	link := filepath.Join(f.Root, "p-link")
	if err := os.Symlink(run, link); err != nil {
		t.Fatal(err)
	}
	if err := f.Remove(filepath.Join(link, "v")); err != nil {
		t.Error(err)
	}
	if _, err := f.Add("link", "v", ""); err == nil {
		t.Error("Add behind a link: no error")
	}
	if err := os.Chmod(run, 0o777); err != nil {
		t.Fatal(err)
	}
	if n := list(); n != 0 {
		t.Errorf("%d runs, want none that others can write to", n)
	}
	if err := f.Remove(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("removed from a folder that others can write to: %v", err)
	}
}

// TestAnotherUser: what root's run left is root's to remove.
func TestAnotherUser(t *testing.T) {
	needs.Root(t, "give a folder away")
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	f := &Folders{Root: t.TempDir(), Prefix: "p-", Owner: self}
	dir, err := f.Add("r", "v", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Dir(dir), 65532, 65532); err != nil {
		t.Fatal(err)
	}
	if runs, err := f.Runs(); err != nil || len(runs) != 0 {
		t.Errorf("Runs = %v, %v; want none", runs, err)
	}
	if err := f.Remove(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}

// TestAnnounce: an owner is at work until Close, and nothing stays of it.
func TestAnnounce(t *testing.T) {
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	f := &Folders{Root: t.TempDir(), Prefix: "p-", Owner: self}
	for range 2 {
		if err := f.Announce("/tmp"); err != nil {
			t.Fatal(err)
		}
	}
	runs, err := f.Runs()
	if err != nil || len(runs) != 1 || runs[0].Owner != self.String() || runs[0].Place() != "/tmp" {
		t.Errorf("Runs = %+v, %v; want one of this process", runs, err)
	}
	dead := self
	dead.Start++
	for _, o := range []struct {
		self Owner
		busy bool
	}{{self, false}, {dead, true}} {
		var owners Owners
		(&Folders{Owner: o.self}).Spare(runs[0], &owners)
		if (owners.Busy() != nil) != o.busy {
			t.Errorf("%v: busy: %v", o.self, owners.Busy())
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(f.Root); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestOwnerFiles: a file that is no owner's name is nobody's death, and a folder
// without one is no run's.
func TestOwnerFiles(t *testing.T) {
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	dead := self
	dead.Start++
	f := &Folders{Root: t.TempDir(), Prefix: "p-", Owner: self}
	write := func(name, owner string) {
		t.Helper()
		dir := filepath.Join(f.Root, "p-"+name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ownerFile), []byte(owner), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, owner := range map[string]string{
		"empty": "", "garbage": "\x00\xff{", "cut": dead.String()[:len(self.Host)+3], "later": dead.String() + " more",
	} {
		write(name, owner)
	}
	write("dead", dead.String())
	if err := os.Mkdir(filepath.Join(f.Root, "p-none"), 0o700); err != nil {
		t.Fatal(err)
	}
	runs, err := f.Runs()
	if err != nil || len(runs) != 5 {
		t.Fatalf("Runs = %v, %v; want 5", runs, err)
	}
	for _, r := range runs {
		var owners Owners
		want := Unknown
		if filepath.Base(r.Dir) == "p-dead" {
			want = Dead
		}
		if got := owners.Life(r.Belonging); got != want {
			t.Errorf("%s: %v, want %v", r.Dir, got, want)
		}
	}
}
