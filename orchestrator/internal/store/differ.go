package store

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Differences says in what a run that is to go on would not be what it was: its
// plan, its images, its design. None: it may go on.
func Differences(was, now Header) []string {
	var all []string
	differ := func(name string, was, now any) {
		all = append(all, fmt.Sprintf("%s was %v, and is %v", name, was, now))
	}
	if was.Plan.SHA256 != now.Plan.SHA256 {
		differ("the plan's sha256", short(was.Plan.SHA256), short(now.Plan.SHA256))
	}
	for _, n := range []struct {
		name     string
		was, now any
	}{
		{"concurrency", was.Plan.Concurrency, now.Plan.Concurrency},
		{"iterations", was.Plan.Iterations, now.Plan.Iterations},
		{"rampup", was.Plan.RampupS, now.Plan.RampupS},
		{"arrival_rate", was.Plan.ArrivalRate, now.Plan.ArrivalRate},
	} {
		if n.was != n.now {
			differ(n.name, n.was, n.now)
		}
	}
	a, b := reflect.ValueOf(was.Design), reflect.ValueOf(now.Design)
	for i := range a.NumField() {
		field := a.Type().Field(i)
		if field.Name == "Variants" || reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		differ(strings.TrimSuffix(name, "_ns"), a.Field(i).Interface(), b.Field(i).Interface())
	}
	if reflect.DeepEqual(was.Design.Variants, now.Design.Variants) {
		return append(all, imagesDiffer(was, now)...)
	}
	differ("the list of variants", variantNames(was.Design), variantNames(now.Design))
	return all
}

// imagesDiffer compares what the variants are run from.
func imagesDiffer(was, now Header) []string {
	before := imagesOf(was)
	var all []string
	for _, image := range now.Images {
		old := before[image.Variant]
		if old.ID != image.ID && (old.Hash == "" || old.Hash != image.Hash) {
			all = append(all, fmt.Sprintf("the image of %s was %s, and is %s", image.Variant, short(old.ID), short(image.ID)))
		}
	}
	return all
}

// Remade lists the variants whose images were made anew out of the same: as far
// as the lab knows they are equal.
func Remade(was, now Header) []string {
	before := imagesOf(was)
	var all []string
	for _, image := range now.Images {
		if before[image.Variant].ID != image.ID {
			all = append(all, image.Variant)
		}
	}
	return all
}

func imagesOf(h Header) map[string]Image {
	images := map[string]Image{}
	for _, image := range h.Images {
		images[image.Variant] = image
	}
	return images
}

// variantNames lists variants with what is set in their environment.
func variantNames(d bench.Design) string {
	var names []string
	for _, v := range d.Variants {
		name := v.Name
		if len(v.Env) > 0 {
			name += fmt.Sprint(v.Env)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// short is enough of a digest to tell it from another.
func short(digest string) string {
	_, hex, ok := strings.Cut(digest, ":")
	if !ok {
		hex = digest
	}
	return hex[:min(len(hex), 12)]
}

// Moved says in what the machine is another one than a run began on: rounds on
// both sides of it are not of one kind. Empty: in nothing that matters.
func Moved(was, now bench.Environment) string {
	var all []string
	for _, n := range []struct {
		name     string
		was, now any
	}{
		{"host", was.Host, now.Host},
		{"kernel", was.Kernel, now.Kernel},
		{"CPU", was.CPUModel, now.CPUModel},
		{"CPUs", was.CPUs, now.CPUs},
		{"memory", was.MemoryTotal, now.MemoryTotal},
		{"THP", was.THP, now.THP},
		{"engine", was.Engine + " " + was.EngineV, now.Engine + " " + now.EngineV},
	} {
		if n.was != n.now {
			all = append(all, fmt.Sprintf("%s %v, then %v", n.name, n.was, n.now))
		}
	}
	return strings.Join(all, "; ")
}
