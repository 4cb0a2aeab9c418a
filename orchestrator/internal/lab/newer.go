package lab

import (
	"context"
	"fmt"
	"regexp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// tooOld says of an instance that has not begun to serve that its C library is too
// old for what was to be loaded. The loader ends the program then, and what it
// printed is all that is left; nil: it did not print that.
func (r *run) tooOld(ctx context.Context, p *participant) error {
	bounded, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	lines, err := p.instance.Logs(bounded, 20)
	if err != nil {
		return nil // the caller says that it did not serve
	}
	library, needs := needsNewer(lines)
	if library == "" {
		return nil
	}
	has := "an older one"
	if libc, err := r.bareLibc(ctx, p.variant.Name); err == nil {
		has = libc
	}
	return &proofError{hint.With(
		fmt.Errorf("variant %s: %s needs glibc %s, and its image has %s", p.variant.Name, plain.Name(library), needs, plain.Name(has)),
		"use the library of the suite that the image is made from, or make the image from a later one")}
}

// missing is what glibc's loader prints of a version that the C library does not
// have.
var missing = regexp.MustCompile("version `GLIBC_([0-9.]+)' not found \\(required by ([^)]+)\\)")

// needsNewer finds in what an instance printed the library that needs a newer
// glibc, and the newest version that it needs.
func needsNewer(lines []string) (library, needs string) {
	for _, line := range lines {
		if found := missing.FindStringSubmatch(line); found != nil && (needs == "" || variant.Older(needs, found[1])) {
			library, needs = found[2], found[1]
		}
	}
	return library, needs
}

// bareLibc starts a variant without anything preloaded, to ask it for its C
// library.
func (r *run) bareLibc(ctx context.Context, name string) (libc string, err error) {
	p, err := r.startWith(ctx, name, 0, map[string]string{"LD_PRELOAD": ""})
	if err != nil {
		return "", err
	}
	defer func() {
		p.subject.close()
		r.fail(removeAll(ctx, []*participant{p}))
	}()
	if err := p.awaitReady(ctx); err != nil {
		return "", err
	}
	mapped, err := p.mappedFiles(ctx)
	if err != nil {
		return "", err
	}
	proof, _, err := p.subject.proof(ctx, mapped) // of another allocator, and no matter
	if proof.Libc != "" {
		return proof.Libc, nil
	}
	return "", err
}
