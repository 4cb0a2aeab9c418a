// Package flags holds the values of command-line flags that the standard kinds
// cannot check, and two rules for all flags: an option is given once, and never
// takes the option behind it for its value. It has one home because commands
// refuse mistakes alike.
package flags

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// Once has a flag refuse to be given twice: of two values, one would be lost.
func Once(flag *pflag.Flag) { flag.Value = &once{Value: flag.Value} }

// Often undoes Once.
func Often(flag *pflag.Flag) {
	if o, ok := flag.Value.(*once); ok {
		flag.Value = o.Value
	}
}

type once struct {
	pflag.Value
	set bool
}

// Set implements pflag.Value.
func (o *once) Set(text string) error {
	if o.set {
		return errors.New("it may be given only once")
	}
	o.set = true
	return o.Value.Set(text)
}

// Apart refuses options that do not go together, each pair by their names. The
// error is a mistake with advice.
func Apart(f *pflag.FlagSet, pairs ...[2]string) error {
	for _, pair := range pairs {
		if f.Changed(pair[0]) && f.Changed(pair[1]) {
			return hint.Mistake(fmt.Sprintf("--%s and --%s do not go together", pair[0], pair[1]), "leave one of them out")
		}
	}
	return nil
}

// LostValue finds an option that took the option behind it for its value, as in
// --report --stats. A value that really begins with a dash is joined on with
// "=". The error is a mistake with advice; nil means that there is none.
func LostValue(f *pflag.FlagSet, args []string) error {
	for i, arg := range args {
		if arg == "--" {
			return nil
		}
		flag := last(f, arg)
		if flag == nil || flag.NoOptDefVal != "" || i+1 == len(args) {
			continue
		}
		if next := args[i+1]; len(next) > 1 && next[0] == '-' {
			return hint.Mistake(fmt.Sprintf("--%s needs a value, and %s is an option", flag.Name, next), fmt.Sprintf("if you mean it as the value, write --%s=%s", flag.Name, next))
		}
	}
	return nil
}

// last gives the flag whose value, if it takes one, is the next argument.
func last(f *pflag.FlagSet, arg string) *pflag.Flag {
	name, long := strings.CutPrefix(arg, "--")
	if long {
		return f.Lookup(name) // nil also for name=value
	}
	if len(arg) < 2 || arg[0] != '-' {
		return nil
	}
	for i := 1; i < len(arg); i++ {
		flag := f.ShorthandLookup(arg[i : i+1])
		if flag == nil || flag.NoOptDefVal == "" && i+1 < len(arg) {
			return nil // unknown, or the rest is its value
		}
		if i+1 == len(arg) {
			return flag
		}
	}
	return nil
}
