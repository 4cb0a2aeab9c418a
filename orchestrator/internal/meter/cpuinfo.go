package meter

// cpuModel reads the model name of the first CPU in /proc/cpuinfo. Some
// architectures give none: then it is empty.
func (fs FS) cpuModel() (string, error) { return parse(fs, "proc/cpuinfo", parseCPUModel) }

func parseCPUModel(b []byte) (string, error) {
	for len(b) > 0 {
		var text []byte
		text, b = cutLine(b)
		if key, value := cutKey(text); string(key) == "model name" {
			return string(value), nil
		}
	}
	return "", nil
}
