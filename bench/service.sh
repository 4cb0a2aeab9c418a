#!/usr/bin/env bash
# Prints what the service costs, per allocator: the C work of a 605 kB request by
# stage, and how many whole requests a second of CPU buys with 1 and with 10
# workers, as the service serves them. Quote medians: CPU speed drifts.
#
#   bench/service.sh [RUNS]        3 runs by default, about 45 s each
#
# jemalloc is measured where its library is installed (Debian: libjemalloc2).
# STEPPER_BODY=FILE measures the stages with another body.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

jemalloc=$(ldconfig -p | sed -n 's/.*libjemalloc\.so\.2 .*=> //p' | head -n 1)
[ -n "$jemalloc" ] || echo "jemalloc is left out: install libjemalloc2"

go test -c -o "$work/document.test" ./services/stepper/internal/document
go build -o "$work/orchestrator" ./orchestrator

variants=(libc)
[ -z "$jemalloc" ] || variants+=(jemalloc)

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

echo "C work of a 605 kB request, µs, median of $runs"
printf '%-10s %8s %8s %8s %8s %8s\n' "" parse clone encode free sum
for variant in "${variants[@]}"; do
	preload=""
	[ "$variant" = libc ] || preload=$jemalloc
	for _ in $(seq "$runs"); do
		(cd services/stepper/internal/document &&
			LD_PRELOAD=$preload "$work/document.test" -test.run '^$' -test.bench 'Request/medium' -test.benchtime 2s)
	done | awk '/^BenchmarkRequest/ { for (i = 3; i < NF; i += 2) f[$(i + 1)] = $i
		print f["parse-µs/op"], f["clone-µs/op"], f["encode-µs/op"], f["free-µs/op"] }' >"$work/stages"
	row=()
	for column in 1 2 3 4; do
		row+=("$(awk -v c=$column '{ print $c }' "$work/stages" | median)")
	done
	row+=("$(awk '{ print $1 + $2 + $3 + $4 }' "$work/stages" | median)")
	printf '%-10s %8.0f %8.0f %8.0f %8.0f %8.0f\n' "$variant" "${row[@]}"
done

echo
echo "requests of 605 kB per CPU-second of the whole service, 16 clients, median of $runs"
for workers in 1 10; do
	for variant in "${variants[@]}"; do
		for run in $(seq "$runs"); do
			"$work/orchestrator" compare -q --engine process --variant "$variant" --baseline "$variant" \
				--tags medium --iterations 300 --batches 1 --pause 0s --idle 0s --sleep 450ms \
				--workers "$workers" --format csv --out "$work/$workers-$variant-$run" |
				awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /^cpu/) c = i } NR == 2 { print 1 / $c }'
		done | median | awk -v w="$workers" -v v="$variant" '{ printf "%-10s %2d workers  %6.0f\n", v, w, $1 }'
	done
done
