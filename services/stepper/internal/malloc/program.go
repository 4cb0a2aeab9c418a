package malloc

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
)

// Program gives the path of this program's own file and its SHA-256 in hex. It
// is the file that this code was mapped from: where the loader was started as a
// program, /proc/self/exe is the loader.
func Program() (file, digest string, err error) {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return "", "", err
	}
	defer maps.Close()
	if file, err = mappedAt(maps, uint64(reflect.ValueOf(Program).Pointer())); err != nil {
		return "", "", err
	}
	f, err := os.Open(file)
	if err != nil {
		return file, "", err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return file, "", err
	}
	return file, hex.EncodeToString(hash.Sum(nil)), nil
}

// mappedAt gives the file whose mapping holds an address.
func mappedAt(maps io.Reader, address uint64) (string, error) {
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		var from, to uint64
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x", &from, &to); err != nil {
			return "", fmt.Errorf("/proc/self/maps: %w", err)
		}
		if from <= address && address < to {
			if _, file, found := strings.Cut(lines.Text(), "/"); found {
				return "/" + strings.TrimSuffix(file, " (deleted)"), nil
			}
		}
	}
	return "", fmt.Errorf("/proc/self/maps: no file at %x", address)
}
