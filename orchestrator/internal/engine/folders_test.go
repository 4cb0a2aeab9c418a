package engine

import (
	"os"
	"path/filepath"
	"testing"
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
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder away")
	}
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
	dead := self
	dead.Start++
	other := &Folders{Root: f.Root, Prefix: "p-", Owner: dead}
	for range 2 {
		if err := f.Announce(); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.Busy(); err == nil {
		t.Error("not busy beside another owner")
	}
	if err := f.Busy(); err != nil {
		t.Errorf("busy with itself: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(f.Root); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
