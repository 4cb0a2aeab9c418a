package plan

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// elsewhere says, for keys that drill's forks and other load testers have, what
// does the same here. A key of ours that only stands at the wrong place is not
// among them: misplaced knows those.
var elsewhere = map[string]map[string]string{
	topLevel: {
		"run_time":               "--duration does this, such as --duration 30s",
		"runtime":                "--duration does this, such as --duration 30s",
		"load_shape":             "arrival_rate and rampup shape the load, or --rate",
		"stages":                 "arrival_rate and rampup shape the load, or --rate",
		"scenarios":              "write a file for each, and include what they share",
		"rps":                    "arrival_rate does this, or --rate",
		"throughput":             "arrival_rate does this, or --rate",
		"threads":                "concurrency does this",
		"workers":                "concurrency does this",
		"users":                  "concurrency does this",
		"vus":                    "concurrency does this",
		"host":                   "base does this",
		"url":                    "base does this, and each request has a url",
		"vars":                   "an item assign: {key: NAME, value: TEXT} sets a variable",
		"variables":              "an item assign: {key: NAME, value: TEXT} sets a variable",
		"env":                    "{{ NAME }} reads the environment",
		"lifecycle":              "put what comes before the rest at the start of plan: every iteration does it",
		"before":                 "put it at the start of plan: every iteration does it",
		"after":                  "put it at the end of plan: every iteration does it",
		"setup":                  "put it at the start of plan: every iteration does it",
		"teardown":               "put it at the end of plan: every iteration does it",
		"persist_context":        "variables and cookies live for one iteration: log in at the start of plan",
		"new_conn_per_iter":      "connections are kept: the header connection: close ends one",
		"thresholds":             "--fail-on does this, such as --fail-on 'p99>250ms'",
		"copy_headers":           "write the headers of each request under it",
		"headers":                "write the headers of each request under it",
		"default_headers":        "write the headers of each request under it",
		"auth":                   "write http://user:password@host as base, or a header authorization under each request",
		"insecure":               "--no-check-certificate does this",
		"no_check_certificate":   "--no-check-certificate does this",
		"relaxed_interpolations": "--relaxed-interpolations does this",
		"skip_tags":              "--skip-tags does this",
		"no_proxy":               "--no-proxy does this",
		"fail_on":                "--fail-on does this",
		"stats_format":           "--stats-format does this",
		"base_url":               "base does this, or --base-url",
	},
	inItem: {
		"for_each":             "with_items does this, or with_items_from_csv for the rows of a file",
		"foreach":              "with_items does this, or with_items_from_csv for the rows of a file",
		"loop":                 "with_items does this, or with_items_from_csv for the rows of a file",
		"items":                "with_items does this",
		"with_items_from_json": "JSON is YAML too: write its list under with_items",
		"with_items_from_yaml": "write the list under with_items",
		"repeat":               "with_items_range: {start: 1, stop: N} does this",
		"times":                "with_items_range: {start: 1, stop: N} does this",
		"count":                "with_items_range: {start: 1, stop: N} does this",
		"save":                 "assign: NAME keeps the answer, and {{ NAME.body.… }} looks into it",
		"register":             "assign: NAME keeps the answer, and {{ NAME.body.… }} looks into it",
		"extract":              "assign: NAME keeps the answer, and {{ NAME.body.… }} looks into it",
		"capture":              "assign: NAME keeps the answer, and {{ NAME.body.… }} looks into it",
		"check":                "assign: NAME keeps the answer, and an item assert: {key: NAME.status, value: 200} looks at it",
		"checks":               "assign: NAME keeps the answer, and an item assert: {key: NAME.status, value: 200} looks at it",
		"expect":               "assign: NAME keeps the answer, and an item assert: {key: NAME.status, value: 200} looks at it",
		"assertions":           "assign: NAME keeps the answer, and an item assert: {key: NAME.status, value: 200} looks at it",
		"status":               "success_codes says which answers succeed, and an item assert looks at one",
		"sleep":                "an item delay: {seconds: 1} does this",
		"wait":                 "an item delay: {seconds: 1} does this",
		"pause":                "an item delay: {seconds: 1} does this",
		"think_time":           "an item delay: {seconds: 1} does this",
		"when":                 "tags choose items, with --tags and --skip-tags",
		"if":                   "tags choose items, with --tags and --skip-tags",
		"auth":                 "a header authorization does this, or http://user:password@host/ as url",
		"weight":               "every iteration sends all items: with_items, shuffle and pick choose",
	},
	inRequest: {
		"params":           "write the query behind the url",
		"query":            "write the query behind the url",
		"json":             "body does this, with a header content-type: application/json",
		"graphql":          "body does this, with a header content-type: application/json",
		"form":             "body does this, with a header content-type: application/x-www-form-urlencoded",
		"formdata":         "body does this, with a header content-type",
		"urlencoded":       "body does this, with a header content-type: application/x-www-form-urlencoded",
		"data":             "body does this",
		"file":             "body: {file: PATH} does this",
		"body_file":        "body: {file: PATH} does this",
		"auth":             "a header authorization does this, or http://user:password@host/ as url",
		"basic_auth":       "write http://user:password@host/ as url",
		"bearer":           "a header authorization does this",
		"cookies":          "cookies of answers are kept for the iteration: a header cookie takes their place",
		"save":             "assign: NAME beside request keeps the answer",
		"timeout":          "--timeout does this, for all requests",
		"redirect":         "redirects are followed, up to ten",
		"redirects":        "redirects are followed, up to ten",
		"follow_redirects": "redirects are followed, up to ten",
		"copy_headers":     "write the headers of each request under it",
		"status":           "success_codes says which answers succeed, and an item assert looks at one",
		"expect":           "success_codes says which answers succeed, and an item assert looks at one",
	},
}

// Where a key stands, as messages name it.
const (
	topLevel  = "a benchmark file"
	inItem    = "an item"
	inRequest = "a request"
)

// options are those of the command line that a file may be thought to have.
var options = []string{"duration", "timeout", "report", "compare", "threshold", "tags", "quiet", "stats", "verbose", "nanosec", "seed", "strict", "progress"}

// newer is the hint for a key that means something elsewhere, or "".
func newer(key *yaml.Node, what string) string {
	name := strings.ReplaceAll(strings.ToLower(key.Value), "-", "_")
	if hint := elsewhere[what][name]; hint != "" {
		return hint
	}
	switch {
	case what == topLevel && slices.Contains(options, name):
		return "--" + name + " does this"
	case what == inRequest && slices.Contains(itemKeys, name):
		return "it stands beside request, not under it"
	case what == inItem && slices.Contains(requestKeys, name):
		return "it stands under request"
	case what == topLevel && slices.Contains(itemKeys, name):
		return "items stand in a list under plan"
	case what != topLevel && slices.Contains(topKeys, name):
		return "it stands at the top of the benchmark file"
	}
	return ""
}
