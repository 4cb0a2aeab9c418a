package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/web"
)

// serveFlag is --serve: nothing, or an address in the same word or the next.
type serveFlag struct {
	at    web.Address
	asked bool
	bare  bool // it came without an address
}

// bareServe is what the flag is set to where nothing stands behind it.
const bareServe = "here"

func (f *serveFlag) define(to *pflag.FlagSet, usage string) {
	to.Var(f, "serve", usage)
	to.Lookup("serve").NoOptDefVal = bareServe
}

// String is that of a pflag.Value.
func (f *serveFlag) String() string {
	switch {
	case !f.asked:
		return ""
	case f.bare:
		return bareServe
	}
	return f.at.String()
}

// Type implements pflag.Value.
func (f *serveFlag) Type() string { return "address" }

// Set implements pflag.Value.
func (f *serveFlag) Set(text string) (err error) {
	f.asked, f.bare, f.at = true, text == bareServe, web.DefaultAddress()
	if !f.bare {
		f.at, err = web.ParseAddress(text)
	}
	return err
}

// take takes the address that stands in a word of its own behind a bare --serve
// from the arguments of a command that has so many besides.
func (f *serveFlag) take(args []string, besides int) ([]string, error) {
	if !f.bare || len(args) <= besides {
		return args, nil
	}
	var wrong error
	for i, arg := range args {
		at, err := web.ParseAddress(arg)
		if _, missing := os.Stat(arg); err == nil && missing != nil {
			f.at, f.bare = at, false
			return slices.Delete(slices.Clone(args), i, i+1), nil
		}
		wrong = err
	}
	if wrong == nil {
		return args, nil
	}
	return nil, hint.Mistake("--serve: "+wrong.Error(), "an address of this machine, or nothing, such as: --serve or --serve 127.0.0.1:9000")
}

// serve opens the page, if it was asked for, and says where it is.
func (a *app) serve(ctx context.Context, f *serveFlag) (*web.Site, error) {
	if !f.asked {
		return nil, nil
	}
	site, err := web.Listen(ctx, f.at)
	if err != nil {
		return nil, err
	}
	a.say("serving %s", site.URL())
	if site.Open() {
		a.say("warning: everybody who reaches %s can read that page", f.at.Host)
	}
	return site, nil
}

// stay serves what was saved until a signal ends it. That a run was interrupted
// from the keyboard does not end the page, for which there is a second Ctrl-C; any
// other signal ends both, for nobody may be there to send another.
func (a *app) stay(ctx context.Context, site *web.Site) {
	var hungUp <-chan os.Signal
	if ctx.Err() != nil {
		var by *signalled
		if !errors.As(context.Cause(ctx), &by) || by.signal != os.Interrupt {
			return
		}
		ctx, hungUp = untilSignalled(), by.hungUp
	}
	a.say("serving %s · Ctrl-C ends", site.URL())
	select {
	case <-ctx.Done():
	case <-hungUp: // the terminal ended while the run was cleaned up
	}
}

// served carries a run out that is shown on a page, and has the page stay behind
// it. What there is to say of the run is said before. run gives the folder of what
// was saved, which the page shows by then.
func (a *app) served(ctx context.Context, site *web.Site, run func() (dir string, err error)) error {
	dir, err := run()
	if dir == "" {
		reason := "nothing was measured"
		if err != nil {
			reason = err.Error()
		}
		site.Failed(reason)
		return errors.Join(err, site.Close())
	}
	code := a.exitCode(ctx, err)
	a.stay(ctx, site)
	if err := site.Close(); err != nil {
		a.printError(err)
	}
	if code != exitDone {
		return &exitError{code}
	}
	return nil
}

// serveReport serves a saved run, or one that is under way, until ctx ends.
func (a *app) serveReport(ctx context.Context, path string, f *serveFlag) (err error) {
	site, err := a.serve(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.Close()) }()
	if !store.Alive(path) {
		if err := site.Saved(path); err != nil {
			return err
		}
	}
	a.say("Ctrl-C ends")
	if !site.Over() {
		failed := os.ErrNotExist
		if store.Grows(path) {
			failed = site.Follow(ctx, path)
		}
		if errors.Is(failed, os.ErrNotExist) { // it has come to its end meanwhile
			failed = site.Saved(path)
		}
		if failed != nil {
			return failed
		}
	}
	<-ctx.Done()
	return nil
}
