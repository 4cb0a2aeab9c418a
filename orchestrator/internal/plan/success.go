package plan

import (
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"
)

const successHint = "write the codes of answers that succeed, such as [200, 404]"

// success gives the codes that count for a request: its own, else those beside
// it, else those of the benchmark file.
func (l *loader) success(it *item, request []entry) []int {
	codes := l.successes
	for _, e := range []entry{it.get("success_codes"), get(request, "success_codes")} {
		if own := l.successCodes(it.f, e); own != nil {
			codes = own
		}
	}
	return codes
}

// successCodes reads which answers succeed: a status code or a list of them. The
// key is not drill's, so nothing wrong in it is passed over.
func (l *loader) successCodes(f *file, e entry) []int {
	nodes := []*yaml.Node{e.value}
	switch k := resolve(e.value); {
	case k == kindNull:
		return nil
	case k == kindMap:
		l.failAt(f, e.value, "success_codes is a mapping", successHint)
		return nil
	case k == kindList:
		nodes = e.value.Content
		if len(nodes) == 0 {
			l.failAt(f, e.key, "success_codes is empty: no answer could succeed", successHint)
		}
	}
	var codes []int
	for _, n := range nodes {
		if code, ok := l.statusCode(f, e, deref(n)); ok {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// statusCode reads one of them.
func (l *loader) statusCode(f *file, e entry, n *yaml.Node) (int, bool) {
	k := resolve(n)
	if k == kindRefused {
		return 0, false
	}
	at := n
	if n == nil || k == kindNull {
		at = e.key
	}
	if k != kindInt && k != kindString {
		l.failAt(f, at, fmt.Sprintf("a status code in success_codes is %s", k), successHint)
		return 0, false
	}
	text := written(n)
	code, err := strconv.Atoi(text)
	if err != nil || len(text) != 3 || code < 100 || code > 599 {
		l.failAt(f, at, fmt.Sprintf("%q in success_codes is not a status code from 100 to 599", short(text)), successHint+"; there are no ranges")
		return 0, false
	}
	if slices.Contains([]int{301, 302, 303, 307, 308}, code) {
		l.warn(f, n, fmt.Sprintf("redirects are followed: %d is seen only of an answer that leads nowhere", code), "")
	}
	return code, true
}
