package design

import (
	"fmt"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Settings is what an experiment can be told beside its plan and its variants.
// Each has the name of its flag, which is that of its key in the benchmark file.
type Settings struct {
	Baseline    string        // name of the variant that the others are compared with
	Twin        bool          // --aa: the baseline a second time
	Preset      string        // name of a preset
	For         time.Duration // the time to fill; 0: as long as it takes
	Rounds      int           // 0: as many as intervals need
	Batches     int           // per trial
	Pause       time.Duration
	Idle        time.Duration
	AtOnce      int           // variants of a round at the same time; 0: all, or as many as fit the CPUs
	Mode        string        // bench.Together or bench.Apart
	LoneIdle    bool          // the next round waits for the end of every final idle
	VoidAt      float64       // percent of the machine that others may take in a batch; 0: any
	Seed        uint64        // of the order in which variants are started
	Iterations  int           // of a batch; 0: as the plan says
	Concurrency int           // 0: as the plan says
	Transport   string        // bench.Unix or bench.TCP
	Sleep       time.Duration // in the handler
	Workers     int           // threads of the service
	Threads     string        // bench.Hop or bench.Stick
	Memory      string        // limit of a container, such as 512MiB; empty: none
}

// Defaults gives the settings of somebody who says nothing.
func Defaults() Settings {
	return Settings{
		Baseline: "libc", Preset: PresetNames()[0],
		Batches: 2, Pause: 5 * time.Second, Idle: 30 * time.Second,
		Mode: bench.Together, VoidAt: 25, Transport: bench.Unix,
		Sleep: 450 * time.Millisecond, Workers: 10, Threads: bench.Hop,
	}
}

// Mistake is a setting that has a value it cannot have.
type Mistake struct {
	Setting string // its name
	Problem string // about its value, such as "is 0"
	Advice  string
}

// Error names the setting as a flag: "--workers is 0".
func (m *Mistake) Error() string { return "--" + m.Setting + " " + m.Problem }

// Hint gives the advice.
func (m *Mistake) Hint() string { return m.Advice }

// IsMistake says that the mistake is in what was asked for.
func (m *Mistake) IsMistake() bool { return true }

// OneOf gives nil if a setting has one of the values that it can have, the first
// of them being its default, and otherwise a *Mistake.
func OneOf(setting, value string, values []string) error {
	if slices.Contains(values, value) {
		return nil
	}
	return &Mistake{setting, fmt.Sprintf("is %q", value), "it must be " + words.Choice(values)}
}

// Given says by name which settings somebody has given.
type Given map[string]bool

// Check holds the values against their ranges. The error is a *Mistake.
func (s Settings) Check(given Given) error {
	for _, check := range []func() error{s.checkNumbers, s.checkTimes, s.checkChoices, s.checkMemory} {
		if err := check(); err != nil {
			return err
		}
	}
	if given["for"] && s.For == 0 {
		return &Mistake{"for", "is 0s", "give a time such as 40m"}
	}
	return nil
}

func (s Settings) checkNumbers() error {
	for _, n := range []struct {
		setting          string
		value, low, high int
	}{
		{"batches", s.Batches, 1, 1000},
		{"rounds", s.Rounds, 0, MostRounds},
		{"workers", s.Workers, 1, 1024},
		{"iterations", s.Iterations, 0, 1 << 30},
		{"concurrency", s.Concurrency, 0, 1 << 16},
	} {
		if n.value < n.low || n.value > n.high {
			return &Mistake{n.setting, fmt.Sprintf("is %d", n.value), fmt.Sprintf("it must be from %d to %d", n.low, n.high)}
		}
	}
	switch {
	case s.AtOnce < 0 || s.AtOnce == 1 || s.AtOnce > MostAtOnce:
		return &Mistake{"at-once", fmt.Sprintf("is %d", s.AtOnce), fmt.Sprintf("it must be from 2, the baseline and another, to %d; 0 means as many as fit", MostAtOnce)}
	case s.AtOnce > 0 && s.Mode == bench.Apart:
		return &Mistake{"at-once", "does not go with --mode apart", "apart, variants are loaded one after the other anyway"}
	}
	if !(s.VoidAt >= 0 && s.VoidAt <= 100) { // so that it is no NaN either
		return &Mistake{"void-at", fmt.Sprintf("is %v", s.VoidAt), "it must be from 0 to 100 percent"}
	}
	return nil
}

func (s Settings) checkTimes() error {
	for _, d := range []struct {
		setting string
		value   time.Duration
	}{{"pause", s.Pause}, {"idle", s.Idle}, {"sleep", s.Sleep}} {
		if d.value < 0 || d.value > 24*time.Hour {
			return &Mistake{d.setting, fmt.Sprintf("is %v", d.value), "it must be from 0s to 24h"}
		}
	}
	if s.Sleep%time.Millisecond != 0 {
		return &Mistake{"sleep", fmt.Sprintf("is %v", s.Sleep), "give whole milliseconds: the service counts in them"}
	}
	if s.For < 0 {
		return &Mistake{"for", fmt.Sprintf("is %v", s.For), "give a time such as 40m"}
	}
	return nil
}

func (s Settings) checkChoices() error {
	for _, choice := range []struct {
		setting, value string
		of             []string
	}{
		{"threads", s.Threads, []string{bench.Hop, bench.Stick}},
		{"preset", s.Preset, PresetNames()},
		{"mode", s.Mode, []string{bench.Together, bench.Apart}},
		{"transport", s.Transport, []string{bench.Unix, bench.TCP}},
	} {
		if err := OneOf(choice.setting, choice.value, choice.of); err != nil {
			return err
		}
	}
	return nil
}

func (s Settings) checkMemory() error {
	_, err := s.memoryLimit()
	return err
}

// memoryLimit reads the limit of a container; 0: none.
func (s Settings) memoryLimit() (bench.Bytes, error) {
	if s.Memory == "" {
		return 0, nil
	}
	limit, err := bench.ParseBytes(s.Memory)
	if err != nil {
		return 0, &Mistake{"memory", fmt.Sprintf("is %q, which is not an amount of memory", s.Memory), "give a number with a unit: 512MiB, 2g"}
	}
	if limit != 0 && limit < 8*bench.MiB {
		return 0, &Mistake{"memory", fmt.Sprintf("is %s, too little for any container", s.Memory), "give 8MiB or more; 0 means no limit"}
	}
	return limit, nil
}
