#!/usr/bin/env bash
# Prints what the design of an experiment does to its figures: the same load for
# libc and jemalloc, alone and with musl beside them, with every final idle alone
# instead of beside the next round, and loaded one after the other.
#
#   bench/designs.sh [ROUNDS [FOLDER]]      7 rounds: about 35 minutes on two cores
#
# FOLDER is one that an earlier call wrote: what is there already is taken over.
# Needs Docker, root, and a machine with nothing else to do. The figures are
# medians over the rounds, memory with its interval of at least 95 % (from 6
# rounds on). Everything measured stays in bench/results.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-7}
out=${2:-bench/results/designs-$(date +%Y-%m-%dT%H-%M-%S)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/orchestrator" ./orchestrator

two=(--variant libc --variant jemalloc)
names=(without-musl with-musl idle-alone apart)
run() {
	local name=$1
	shift
	[ -e "$out/$name/experiment.json" ] || "$work/orchestrator" compare -q --rounds "$rounds" --out "$out/$name" "$@" >/dev/null
	"$work/orchestrator" report "$out/$name" --format csv >"$work/$name.csv"
}
run without-musl "${two[@]}"
run with-musl "${two[@]}" --variant musl
run idle-alone "${two[@]}" --lone-idle
run apart "${two[@]}" --mode apart

# One line per design: the columns are found by their names.
print() {
	awk -F, -v variant="$1" -v design="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$1 != variant { next }
		function mib(name,   text) {
			text = sprintf("%.0f", $at[name "_bytes"] / 1048576)
			if ($at[name "_lo_bytes"] != "")
				text = text sprintf(" (%.0f to %.0f)", $at[name "_lo_bytes"] / 1048576, $at[name "_hi_bytes"] / 1048576)
			return text
		}
		function change(name) {
			if ($at[name "_ratio"] == "") return ""
			if ($at[name "_ratio_lo"] == "") return sprintf("%+.0f %%", 100 * ($at[name "_ratio"] - 1))
			return sprintf("%+.0f to %+.0f %%", 100 * ($at[name "_ratio_lo"] - 1), 100 * ($at[name "_ratio_hi"] - 1))
		}
		{ printf "| %s | %s | %s | %s | %s | %.1f ms | %.0f ms |\n", variant, design, mib("peak_rss"), change("peak_rss"), mib("idle_rss"),
			$at["cpu_seconds_per_request"] * 1000, $at["p99_ns"] / 1e6 }' "$work/$2.csv"
}
echo "| variant | design | peak RSS, MiB | against libc | idle RSS, MiB | CPU/request | p99 |"
echo "|---|---|---:|---:|---:|---:|---:|"
for variant in libc jemalloc; do
	for name in "${names[@]}"; do
		print "$variant" "$name"
	done
done
echo "medians over $rounds rounds; everything is in $out"
