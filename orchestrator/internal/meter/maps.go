package meter

import (
	"bytes"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// MappedFile is a file in a process's memory maps.
type MappedFile struct {
	Path       string // as the process sees it, which in a container is not our path
	Executable bool   // some part of it can be run: a program or a library
}

// Maps reads /proc/PID/maps: the mapped files, each once, in the order of
// their first address. Memory without a file is left out. There is none at all
// once the process has ended: then the error matches ErrEnded, as it does if
// another process has got the number. It takes the right to trace the process:
// otherwise the error is a *DeniedError.
func (fs FS) Maps(p bench.Process) ([]MappedFile, error) {
	files, err := parse(fs, ofPID(p.PID, "maps"), parseMaps)
	if err != nil {
		return nil, err
	}
	s, err := fs.Status(p.PID)
	if err == nil && s.Ended() {
		err = ErrEnded
	}
	if err == nil {
		err = fs.still(p)
	}
	if err != nil {
		return nil, err
	}
	return files, nil
}

func parseMaps(b []byte) ([]MappedFile, error) {
	var files []MappedFile
	index := map[string]int{}
	for line := 1; len(b) > 0; line++ {
		var text []byte
		text, b = cutLine(b)
		// Addresses, permissions, offset, device and inode come before it.
		_, rest := cutField(text)
		perms, rest := cutField(rest)
		for range 3 {
			_, rest = cutField(rest)
		}
		if len(perms) != 4 {
			return files, &parseError{line, "no permissions"}
		}
		path := bytes.TrimSpace(rest)
		if len(path) == 0 || path[0] != '/' {
			continue
		}
		path = bytes.TrimSuffix(path, []byte(" (deleted)"))
		i, known := index[string(path)]
		if !known {
			i = len(files)
			index[string(path)] = i
			files = append(files, MappedFile{Path: string(path)})
		}
		files[i].Executable = files[i].Executable || perms[2] == 'x'
	}
	return files, nil
}
