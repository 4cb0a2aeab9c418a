package meter

import "github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"

// Meminfo is what /proc/meminfo says.
type Meminfo struct {
	MemTotal  bench.Bytes
	SwapTotal bench.Bytes
}

// Meminfo reads /proc/meminfo.
func (fs FS) Meminfo() (Meminfo, error) { return parse(fs, "proc/meminfo", parseMeminfo) }

func parseMeminfo(b []byte) (Meminfo, error) {
	var m Meminfo
	err := amounts(b, []field{{"MemTotal", &m.MemTotal}, {"SwapTotal", &m.SwapTotal}})
	return m, err
}

// Available is the memory that processes could have without swapping; 0 where the
// kernel does not tell.
func (fs FS) Available() (bench.Bytes, error) {
	return parse(fs, "proc/meminfo", func(b []byte) (available bench.Bytes, err error) {
		err = amounts(b, []field{{"MemAvailable", &available}})
		return available, err
	})
}
