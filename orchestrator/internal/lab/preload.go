package lab

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// started is a service's process as it shows from outside: what it has mapped,
// what it was started from, and the files that it sees.
type started struct {
	files   []meter.MappedFile
	origin  meter.Origin
	program *elf.File
	service string // path of the program
	malloc  string // file that malloc comes from, as the service says; empty: it is linked statically
	open    func(path string) (*os.File, error)
}

// preloadFault says what is wrong with what was to be loaded before everything
// else; nil: all of it is there, once.
func (s started) preloadFault() error {
	names := s.preloads()
	if len(names) == 0 {
		return s.copies()
	}
	asked := "LD_PRELOAD names " + plain.Name(strings.Join(names, " "))
	if s.static() {
		return hint.With(fmt.Errorf("its program is statically linked, and %s: nothing can be loaded into it", asked),
			"link the allocator into it, or build it for a dynamic loader")
	}
	if err := s.doubled(names); err != nil {
		return err
	}
	for _, name := range names {
		if !s.maps(name) {
			return s.unloaded(name)
		}
	}
	return nil
}

// privileged says that the program runs with rights of its own, on which the
// loader drops LD_PRELOAD and what tunes the C library. Where no new rights are
// given, as in the lab's containers, it would work, and nowhere else.
func (s started) privileged() error {
	var how string
	switch {
	case s.origin.Mode&fs.ModeSetuid != 0:
		how = "is setuid"
	case s.origin.Mode&fs.ModeSetgid != 0:
		how = "is setgid"
	case s.origin.Secure:
		how = "has rights that its user does not have"
	default:
		return nil
	}
	return hint.With(fmt.Errorf("its program %s %s: there, the loader drops LD_PRELOAD and knobs", plain.Name(s.origin.Program), how),
		"take these rights away in its Dockerfile: chmod ug-s, setcap -r")
}

// preloads lists what LD_PRELOAD names, and what the loader was told to load
// where it was started as a program itself.
func (s started) preloads() []string {
	asked := s.origin.Environ["LD_PRELOAD"]
	if strings.HasPrefix(path.Base(s.origin.Program), "ld") {
		if i := slices.Index(s.origin.Args, "--preload"); i >= 0 && i+1 < len(s.origin.Args) {
			asked += ":" + s.origin.Args[i+1]
		}
	}
	return strings.FieldsFunc(asked, func(r rune) bool { return r == ' ' || r == ':' })
}

// static says that no loader has any part in the program.
func (s started) static() bool {
	return !slices.ContainsFunc(s.program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}

// doubled says that there are two allocators, or one twice.
func (s started) doubled(names []string) error {
	first := ""
	for _, name := range names {
		switch one, other := variant.AllocatorOf(first), variant.AllocatorOf(name); {
		case other == "":
		case first == "":
			first = name
		case one != other:
			return hint.With(fmt.Errorf("LD_PRELOAD names two allocators, %s and %s", plain.Name(first), plain.Name(name)), "preload one")
		}
	}
	linked, err := s.program.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("read what its program links: %w", err)
	}
	for _, library := range linked {
		if first != "" && variant.AllocatorOf(library) != "" {
			return hint.With(fmt.Errorf("its program links %s and LD_PRELOAD names %s: an allocator is there twice", plain.Name(library), plain.Name(first)), "link it or preload it, not both")
		}
	}
	if own := path.Base(s.malloc); first != "" && own == path.Base(s.service) {
		return hint.With(fmt.Errorf("its program %s has an allocator of its own and LD_PRELOAD names %s: one is there twice", plain.Name(s.service), plain.Name(first)), "link it or preload it, not both")
	}
	return s.copies()
}

// copies says that a library of an allocator is mapped from two files.
func (s started) copies() error {
	stems := map[string]string{}
	for _, f := range s.files {
		if !f.Executable || variant.AllocatorOf(f.Path) == "" {
			continue
		}
		stem, _, _ := strings.Cut(path.Base(f.Path), ".so")
		if other, twice := stems[stem]; twice {
			return hint.With(fmt.Errorf("its memory maps have an allocator twice: %s and %s", plain.Name(other), plain.Name(f.Path)), "link it or preload it, once")
		}
		stems[stem] = f.Path
	}
	return nil
}

// maps says whether a library that was asked for is mapped, under whatever name.
func (s started) maps(name string) bool {
	names := []string{path.Base(name)}
	if f, err := s.locate(name); err == nil {
		// A link's target, which is what the maps show.
		if target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd())); err == nil {
			names = append(names, filepath.Base(target))
		}
		_ = f.Close() // it was not written
	}
	return slices.ContainsFunc(s.files, func(f meter.MappedFile) bool {
		return f.Executable && slices.Contains(names, path.Base(f.Path))
	})
}

// unloaded says why the loader did not take a library.
func (s started) unloaded(name string) error {
	asked := "LD_PRELOAD names " + plain.Name(name)
	f, err := s.locate(name)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return s.unreadable(asked, "")
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(fmt.Errorf("%s, which is not there", asked), "install the package that has it in the image, or correct the path")
	case err != nil:
		return fmt.Errorf("%s, which cannot be opened: %w", asked, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !s.mayRead(info) {
		return s.unreadable(asked, fmt.Sprintf(" (mode %04o)", info.Mode().Perm()))
	}
	library, err := elf.NewFile(f)
	if err != nil {
		return hint.With(fmt.Errorf("%s, which is no ELF file", asked), "correct the path")
	}
	if library.Machine != s.program.Machine || library.Class != s.program.Class {
		return hint.With(fmt.Errorf("%s, which is for %s, and the program is for %s", asked, machine(library), machine(s.program)),
			"install the library of the image's architecture")
	}
	if libc := s.libc(); variant.LibcOf(libc) == "musl" {
		return hint.With(fmt.Errorf("%s, which the loader did not take: the C library is musl", asked), "use a library that was built for musl")
	}
	return hint.With(fmt.Errorf("%s, which the loader did not take", asked), "the variant's log says why: it begins with ERROR: ld.so")
}

func (s started) unreadable(asked, mode string) error {
	return hint.With(fmt.Errorf("%s, which user %d may not read%s", asked, s.origin.UID, mode), "chmod a+r it in the Dockerfile")
}

// machine names what an ELF file runs on, such as x86_64.
func machine(f *elf.File) string {
	name := strings.ToLower(strings.TrimPrefix(f.Machine.String(), "EM_"))
	if f.Machine == elf.EM_X86_64 && f.Class == elf.ELFCLASS32 {
		return name + " with 32 bits"
	}
	return name
}

// mayRead says whether the process may read a file, by the file's mode.
func (s started) mayRead(info fs.FileInfo) bool {
	owner, group := ownerOf(info)
	mode := info.Mode().Perm()
	switch {
	case s.origin.ReadAll:
		return true
	case owner == s.origin.UID:
		return mode&0o400 != 0
	case group == s.origin.GID:
		return mode&0o040 != 0
	}
	return mode&0o004 != 0
}

// libc is the C library that the process has mapped.
func (s started) libc() string {
	for _, f := range s.files {
		if variant.LibcOf(f.Path) != "" {
			return f.Path
		}
	}
	return ""
}

// triplets are the names of architectures in Debian's folders of libraries.
var triplets = map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}

// locate opens a library where the loader looks for it. The error is that of the
// most telling place.
func (s started) locate(name string) (*os.File, error) {
	lib := "lib/" + triplets[runtime.GOARCH]
	if folder := path.Dir(s.libc()); folder != "." {
		lib = strings.TrimPrefix(strings.TrimPrefix(folder, "/"), "usr/")
	}
	expand := strings.NewReplacer("${LIB}", lib, "$LIB", lib, "${ORIGIN}", path.Dir(s.origin.Program), "$ORIGIN", path.Dir(s.origin.Program))
	places := []string{expand.Replace(name)}
	if !strings.Contains(name, "/") {
		places = nil
		folders := slices.Concat(filepath.SplitList(s.origin.Environ["LD_LIBRARY_PATH"]),
			[]string{"/" + lib, "/usr/" + lib, "/lib", "/usr/lib", "/usr/local/lib", "/lib64", "/usr/lib64"})
		for _, folder := range folders {
			places = append(places, path.Join(folder, name))
		}
	}
	telling := fs.ErrNotExist
	for _, place := range places {
		f, err := s.open(place)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			telling = err
		}
	}
	return nil, telling
}
