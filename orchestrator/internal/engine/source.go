package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Service is the package under test, as the go command names it in the
// project's folder.
const Service = "./services/stepper"

// Source reads the code under services, by slash-separated path from root,
// without its tests: what a variant is built from.
func Source(root string) (map[string][]byte, error) {
	files, code := map[string][]byte{}, false
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, "services", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case !d.Type().IsRegular() || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		code = code || strings.HasSuffix(name, ".go")
		files[name], err = fs.ReadFile(tree, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the service's code: %w", err)
	}
	if !code {
		return nil, fmt.Errorf("no Go file under %s", filepath.Join(root, "services"))
	}
	return files, nil
}

// Digest hashes parts so that no two lists of parts look alike.
func Digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SafeName makes a name that containers, image tags and folders may carry.
func SafeName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, name)
}
