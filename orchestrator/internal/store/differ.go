package store

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Differences says in what a run that is to go on would not be what it was: its
// plan, its images, its design. None: it may go on.
func Differences(was, now Header) []string {
	all := differing(
		difference{"the plan's sha256", short(was.Plan.SHA256), short(now.Plan.SHA256)},
		difference{"concurrency", was.Plan.Concurrency, now.Plan.Concurrency},
		difference{"iterations", was.Plan.Iterations, now.Plan.Iterations},
		difference{"rampup", was.Plan.RampupS, now.Plan.RampupS},
		difference{"arrival_rate", was.Plan.ArrivalRate, now.Plan.ArrivalRate},
	)
	a, b := reflect.ValueOf(was.Design), reflect.ValueOf(now.Design)
	for field, value := range a.Fields() {
		before, after := value.Interface(), b.FieldByIndex(field.Index).Interface()
		switch field.Name {
		case "Variants", "Quick", "Fill", "Groups": // Preset and Until say it, and AtOnce
			continue
		case "VoidAt": // a share, and a percentage for people
			before, after = fmt.Sprintf("%.6g%%", 100*value.Float()), fmt.Sprintf("%.6g%%", 100*b.FieldByIndex(field.Index).Float())
		}
		all = append(all, differing(difference{flagOf(field), before, after})...)
	}
	if list := differing(difference{"the list of variants", variantTexts(was.Design), variantTexts(now.Design)}); len(list) > 0 {
		return append(all, list...)
	}
	return append(all, imagesDiffer(was, now)...)
}

// difference is something that may differ between then and now.
type difference struct {
	name     string
	was, now any // comparable
}

// differing lists what does, for people.
func differing(all ...difference) []string {
	var texts []string
	for _, d := range all {
		if d.was != d.now {
			texts = append(texts, fmt.Sprintf("%s was %s and is now %s", d.name, orNone(d.was), orNone(d.now)))
		}
	}
	return texts
}

// orNone gives a value for people.
func orNone(v any) string {
	if amount, ok := v.(bench.Bytes); ok && amount != 0 {
		return fmt.Sprintf("%.6g MiB", float64(amount)/float64(bench.MiB))
	} else if ok {
		return "none"
	}
	if text := fmt.Sprint(v); text != "" {
		return text
	}
	return "none"
}

// flagOf names a field of the design as the flag of compare that decides it.
func flagOf(field reflect.StructField) string {
	switch field.Name {
	case "Until":
		return "for"
	case "MemoryLimit":
		return "memory"
	case "Twin":
		return "aa"
	}
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return strings.ReplaceAll(strings.TrimSuffix(name, "_ns"), "_", "-")
}

// imagesDiffer compares what the variants are run from.
func imagesDiffer(was, now Header) []string {
	before := imagesOf(was.Images)
	var all []string
	for _, image := range now.Images {
		old := before[image.Variant]
		if old.ID != image.ID && (old.Hash == "" || old.Hash != image.Hash) {
			all = append(all, fmt.Sprintf("the image of %s was %s and is now %s", image.Variant, orNone(short(old.ID)), orNone(short(image.ID))))
		}
	}
	return all
}

// Remade lists the variants whose images were made anew out of the same: as far
// as the lab knows they are equal.
func Remade(was, now []Image) []string {
	before := imagesOf(was)
	var all []string
	for _, image := range now {
		if before[image.Variant].ID != image.ID {
			all = append(all, image.Variant)
		}
	}
	return all
}

func imagesOf(list []Image) map[string]Image {
	images := map[string]Image{}
	for _, image := range list {
		images[image.Variant] = image
	}
	return images
}

// variantTexts lists variants with all that is known of them.
func variantTexts(d bench.Design) string {
	var names []string
	for _, v := range d.Variants {
		var name strings.Builder
		name.WriteString(v.Name)
		if v.Dockerfile != "Dockerfile."+v.Name {
			name.WriteString(" (" + v.Dockerfile + ")")
		}
		if v.Suite != "" {
			name.WriteString(" on " + v.Suite)
		}
		for _, given := range []map[string]string{v.Args, v.Env} {
			for _, key := range slices.Sorted(maps.Keys(given)) {
				name.WriteString(" " + key + "=" + given[key])
			}
		}
		names = append(names, name.String())
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

// Moved says in what the machine is another one than rounds ran on before: those
// on both sides of it are not of one kind. Empty: in nothing.
func Moved(was, now bench.Environment) string {
	var all []string
	for _, n := range []difference{
		{"host", was.Host, now.Host},
		{"system", was.OS, now.OS},
		{"kernel", was.Kernel, now.Kernel},
		{"architecture", was.Arch, now.Arch},
		{"CPU", was.CPUModel, now.CPUModel},
		{"CPUs", was.CPUs, now.CPUs},
		{"memory", was.MemoryTotal, now.MemoryTotal},
		{"swap", was.SwapTotal, now.SwapTotal},
		{"cgroup version", was.CgroupV, now.CgroupV},
		{"THP", was.THP, now.THP},
		{"engine", was.Engine, now.Engine},
		{"engine's version", was.EngineV, now.EngineV},
		{"engine's context", was.Context, now.Context},
		{"storage driver", was.Storage, now.Storage},
		{"orchestrator's Go", was.GoVersion, now.GoVersion},
	} {
		if n.was != n.now {
			all = append(all, fmt.Sprintf("%s %s, then %s", n.name, orNone(n.was), orNone(n.now)))
		}
	}
	return strings.Join(all, "; ")
}
