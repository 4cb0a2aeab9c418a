#!/usr/bin/env bash
# Prints whether both engines say the same of memory: libc and jemalloc in
# containers, then as local processes, the same design, one after the other.
#
#   bench/engines.sh [ROUNDS [FOLDER]]      7 rounds: about 20 minutes on two cores
#
# FOLDER is one that an earlier call wrote: what is there already is taken over.
# ARGS="--iterations 40" and the like go to both runs. Needs Docker, and a machine
# with nothing else to do. Exit code 1: they differ, or too few rounds tell it.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-7}
out=${2:-bench/results/engines-$(date +%Y-%m-%dT%H-%M-%S)}
read -ra args <<<"${ARGS:-}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/orchestrator" ./orchestrator

for engine in docker process; do
	[ -e "$out/$engine/experiment.json" ] || "$work/orchestrator" compare -q --engine "$engine" \
		--variant libc --variant jemalloc --rounds "$rounds" --out "$out/$engine" "${args[@]}" >/dev/null
done
# Another engine is another machine to it: that is the question here.
"$work/orchestrator" report "$out/docker" "$out/process" --anyway
"$work/orchestrator" report "$out/docker" "$out/process" --anyway --format json >"$work/change.json"

# The JSON has a value per line. A median with its interval is old, new or ratio.
echo
echo "processes over containers, exact Mann-Whitney intervals over $rounds rounds"
awk '
	function value(   v) { v = $0; sub(/^[^:]*: */, "", v); gsub(/[",{]/, "", v); return v }
	function mib(of) { return !(of in center) ? "-" : lo[of] == "null" ? sprintf("%.0f", center[of] / 1048576) : sprintf("%.0f to %.0f", lo[of] / 1048576, hi[of] / 1048576) }
	/^  "relative"/ { exit }
	/"variant":/ { variant = value() }
	/"figure":/ { figure = value(); split("", center) }
	/"(old|new|ratio)": \{/ { of = $1; gsub(/[":]/, "", of) }
	/"center":/ { center[of] = value() }
	/"lo":/ { lo[of] = value() }
	/"hi":/ { hi[of] = value() }
	/"verdict":/ && figure ~ /^(peak|steady|idle) RSS$/ {
		says = "cannot be told: " value()
		if (value() == "not shown") says = "agree"
		if (value() == "worse" || value() == "better") says = "DIFFER"
		if (says != "agree") bad = 1
		ratio = "-"
		if ("ratio" in center) ratio = lo["ratio"] == "null" ? sprintf("%.2f", center["ratio"]) : sprintf("%.2f to %.2f", lo["ratio"], hi["ratio"])
		printf "%-9s %-10s %14s MiB %14s MiB %16s  %s\n", variant, figure, mib("old"), mib("new"), ratio, says
		figure = ""
	}
	END { exit bad }' "$work/change.json"
