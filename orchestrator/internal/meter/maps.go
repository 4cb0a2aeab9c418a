package meter

import "bytes"

// MappedFile is a file in a process's memory maps.
type MappedFile struct {
	Path       string // as the process sees it, which in a container is not our path
	Executable bool   // some part of it can be run: a program or a library
}

// Maps reads /proc/PID/maps: the mapped files, each once, in the order of
// their first address. Memory without a file is left out.
func (fs FS) Maps(pid int) ([]MappedFile, error) {
	return parse(fs, ofPID(pid, "maps"), parseMaps)
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
