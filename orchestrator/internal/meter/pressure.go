package meter

import (
	"bytes"
	"strconv"
	"time"
)

// Pressure is what /proc/pressure/cpu says: how long some task was ready to
// run and had no CPU.
type Pressure struct {
	Some PressureLine
	Full PressureLine // all tasks at once; means nothing for the CPU of a whole machine
}

// PressureLine is one line of it.
type PressureLine struct {
	Avg10, Avg60, Avg300 float64       // per cent of the time, over so many seconds
	Total                time.Duration // since the boot
}

// PressureCPU reads /proc/pressure/cpu. A kernel without it gives an error
// that matches os.ErrNotExist.
func (fs FS) PressureCPU() (Pressure, error) {
	return parse(fs, "proc/pressure/cpu", parsePressure)
}

func parsePressure(b []byte) (Pressure, error) {
	var p Pressure
	found := false
	for line := 1; len(b) > 0; line++ {
		var text []byte
		text, b = cutLine(b)
		kind, rest := cutField(text)
		var err error
		switch string(kind) {
		case "some":
			found = true
			p.Some, err = parsePressureLine(rest, line)
		case "full":
			p.Full, err = parsePressureLine(rest, line)
		}
		if err != nil {
			return p, err
		}
	}
	if !found {
		return p, &parseError{1, "no line some"}
	}
	return p, nil
}

func parsePressureLine(b []byte, line int) (PressureLine, error) {
	var p PressureLine
	for len(b) > 0 {
		var word []byte
		word, b = cutField(b)
		key, value, _ := bytes.Cut(word, []byte("="))
		var err error
		ok := true
		switch string(key) {
		case "avg10":
			p.Avg10, err = strconv.ParseFloat(string(value), 64)
		case "avg60":
			p.Avg60, err = strconv.ParseFloat(string(value), 64)
		case "avg300":
			p.Avg300, err = strconv.ParseFloat(string(value), 64)
		case "total":
			p.Total, ok = duration(value, time.Microsecond)
		}
		if err != nil || !ok {
			return p, &parseError{line, string(key) + " is not a number"}
		}
	}
	return p, nil
}
