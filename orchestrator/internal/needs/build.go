package needs

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
)

// build is with which options a kernel was made.
type build struct {
	file string // that tells; empty: none does
	text []byte
}

// readBuild looks where kernels and distributions leave it.
func readBuild(release string) build {
	const own = "/proc/config.gz"
	if f, err := os.Open(own); err == nil {
		defer f.Close()
		if z, err := gzip.NewReader(f); err == nil {
			if text, err := io.ReadAll(z); err == nil {
				return build{own, text}
			}
		}
	}
	for _, name := range []string{"/boot/config-" + release, "/lib/modules/" + release + "/config"} {
		if text, err := os.ReadFile(name); err == nil {
			return build{name, text}
		}
	}
	return build{}
}

// without says whether an option is off: then the file has no value for it, and
// often no word. Of a kernel that tells nothing, everything is expected.
func (b build) without(option string) bool {
	return b.file != "" && !bytes.Contains(b.text, []byte("\n"+option+"="))
}
