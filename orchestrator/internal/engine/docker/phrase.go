package docker

import "strings"

// phrase is a part of what a daemon says, by which a failure is known that it has
// no code for. Daemons answer in words; all that are looked for are here.
type phrase []string

var (
	needsBuildKit = phrase{"requires BuildKit"}                // a build that the classic builder cannot do
	diskFull      = phrase{"no space left on device"}          // on the daemon's machine
	lockedOut     = phrase{"permission denied", "docker.sock"} // both
	wantsHTTPS    = phrase{"HTTP request to an HTTPS server"}  // Go's server
	wantsTLS      = phrase{"TLS-enabled daemon without TLS"}   // the client's own guess
)

// in says that an error has all parts of the phrase.
func (p phrase) in(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	for _, part := range p {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
