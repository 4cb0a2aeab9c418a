package process

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// object is a program or a library, as far as a dynamic loader looks at it.
type object struct {
	path     string
	machine  elf.Machine
	loader   string // that the kernel starts it with; empty: it is static, or a library
	name     string // under which others ask for it; empty: its file's
	needs    []string
	versions []string // of symbols that it has
	wants    []elf.DynamicVersionNeed
}

// readObject reads an ELF file.
func readObject(path string) (*object, error) {
	f, err := elf.Open(path)
	if err != nil {
		if _, bad := errors.AsType[*elf.FormatError](err); bad {
			return nil, fmt.Errorf("%s is neither a program nor a library: %w", path, err)
		}
		return nil, err
	}
	defer f.Close()
	o := &object{path: path, machine: f.Machine}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			text := make([]byte, min(p.Filesz, 4096))
			if _, err := p.ReadAt(text, 0); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			o.loader = strings.TrimRight(string(text), "\x00")
		}
	}
	if f.Section(".dynamic") == nil {
		return o, nil // static
	}
	needs, err := f.ImportedLibraries()
	sonames, nameErr := f.DynString(elf.DT_SONAME)
	if err = errors.Join(err, nameErr); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	o.needs = needs
	if len(sonames) > 0 {
		o.name = sonames[0]
	}
	// A library without versions has none to tell.
	if versions, err := f.DynamicVersions(); err == nil {
		for _, v := range versions {
			o.versions = append(o.versions, v.Name)
		}
	}
	if wants, err := f.DynamicVersionNeeds(); err == nil {
		o.wants = wants
	}
	return o, nil
}

// unfit is why a program or a library cannot run with the libraries that are there.
type unfit struct {
	file    string // that lacks something
	library string // what it asks for
	version string // of a symbol in it; empty: the library is not there
	has     string // the newest version that is there
}

func (u *unfit) Error() string {
	text := fmt.Sprintf("%s needs %s", filepath.Base(u.file), u.library)
	if u.version == "" {
		return text + ", which is not there"
	}
	text += " with " + u.version + ", and the one there has no such version"
	if u.has != "" {
		text = strings.TrimSuffix(text, "no such version") + u.has + " at most"
	}
	return text
}

// fits says why a program cannot run with libraries from these folders, and with
// those that are preloaded, as the dynamic loader would decide it: every library
// that any of them asks for is there, for the same machine, and has every version of
// symbols that is asked of it. The error is an *unfit where something is missing.
func fits(program string, preload, dirs []string) error {
	first, err := readObject(program)
	if err != nil {
		return err
	}
	loaded := map[string]*object{}
	queue := []*object{first}
	for _, path := range preload {
		o, err := readObject(path)
		if err != nil {
			return err
		}
		loaded[nameOf(o)] = o
		queue = append(queue, o)
	}
	for i := 0; i < len(queue); i++ {
		if o := queue[i]; o.machine != first.machine {
			return fmt.Errorf("%s is for %v, and this machine is %v", o.path, o.machine, first.machine)
		}
		for _, name := range queue[i].needs {
			if loaded[name] != nil {
				continue
			}
			o, err := findObject(name, dirs)
			if errors.Is(err, fs.ErrNotExist) {
				return &unfit{file: queue[i].path, library: name}
			}
			if err != nil {
				return err
			}
			loaded[name] = o
			queue = append(queue, o)
		}
	}
	for _, o := range queue {
		if err := o.served(loaded); err != nil {
			return err
		}
	}
	return nil
}

// served says which version of a symbol an object does not get.
func (o *object) served(loaded map[string]*object) error {
	for _, want := range o.wants {
		from := loaded[want.Name]
		if from == nil || len(from.versions) == 0 {
			continue // the loader lets it pass as well
		}
		for _, v := range want.Needs {
			if v.Flags&elf.VER_FLG_WEAK == 0 && !slices.Contains(from.versions, v.Dep) {
				return &unfit{file: o.path, library: want.Name, version: v.Dep, has: newest(from.versions, v.Dep)}
			}
		}
	}
	return nil
}

func nameOf(o *object) string {
	if o.name != "" {
		return o.name
	}
	return filepath.Base(o.path)
}

// findObject reads a library that is asked for by name.
func findObject(name string, dirs []string) (*object, error) {
	if strings.Contains(name, "/") {
		return readObject(name)
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return readObject(path)
		}
	}
	return nil, fs.ErrNotExist
}

// newest is the newest of versions that are of the same family as another:
// GLIBC_2.36 for GLIBC_2.38. Empty: there is none.
func newest(versions []string, like string) string {
	family, _, _ := strings.Cut(like, "_")
	best, number := "", []int(nil)
	for _, v := range versions {
		rest, ok := strings.CutPrefix(v, family+"_")
		if !ok {
			continue
		}
		var n []int
		for part := range strings.SplitSeq(rest, ".") {
			i, err := strconv.Atoi(part)
			if err != nil {
				n = nil // GLIBC_PRIVATE
				break
			}
			n = append(n, i)
		}
		if n != nil && slices.Compare(n, number) > 0 {
			best, number = v, n
		}
	}
	return best
}
