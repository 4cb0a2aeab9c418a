#!/usr/bin/env bash
# Prints what the load generator costs beside wrk, on the same server in the same
# run: the server has one core, the generator another, over 16 connections. A
# figure is the generator's CPU time, user and system, per request. The two
# take turns; quote the medians and ratios of a quiet machine.
#
#   bench/load.sh [RUNS]        5 runs by default, about 4 minutes
#
# It needs wrk and taskset (Debian: wrk, util-linux) and installs nothing. Where
# drill is on the PATH it takes its turn as well.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-5}

for tool in go wrk taskset; do
	command -v "$tool" >/dev/null || { echo "missing: $tool (Debian: apt-get install golang wrk util-linux)" >&2; exit 1; }
done
[ "$(nproc)" -ge 2 ] || { echo "two cores are needed, one for the server and one for the generator" >&2; exit 1; }

work=$(mktemp -d)
servers=()
finish() {
	for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
	rm -rf "$work"
}
trap finish EXIT
go build -o "$work/answer" ./bench/answer
go build -o "$work/orchestrator" ./orchestrator

# serve NAME FLAGS... starts a server on the first core; its address goes into $NAME.
serve() {
	local name=$1
	shift
	taskset -c 0 "$work/answer" -listen 127.0.0.1:0 "$@" >"$work/$name.address" &
	servers+=($!)
	for _ in $(seq 100); do
		[ -s "$work/$name.address" ] && break
		sleep 0.05
	done
	printf -v "$name" '%s' "$(cat "$work/$name.address")"
}
serve fast
serve slow -wait 5ms

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# cpu COMMAND... runs it on the second core and prints its user and system time
# in µs; what it says goes to $work/said.
cpu() {
	local TIMEFORMAT='%3U %3S'
	{ time taskset -c 1 "$@" >"$work/said" 2>"$work/complaints"; } 2>&1 | awk '{ print 1e6 * ($1 + $2) }'
}

# plan METHOD BYTES REQUESTS ADDRESS writes the plan, and the script for wrk.
plan() {
	local method=$1 bytes=$2 requests=$3 address=$4
	{
		printf 'base: http://%s\niterations: %d\nconcurrency: 16\nplan:\n' "$address" "$requests"
		printf '  - name: it\n    request:\n      url: /widgets\n      method: %s\n' "$method"
		[ "$bytes" -eq 0 ] || printf '      headers: {content-type: application/json}\n      body: "%s"\n' "$(head -c "$bytes" /dev/zero | tr '\0' x)"
	} >"$work/plan.yml"
	{
		printf 'wrk.method = "%s"\n' "$method"
		[ "$bytes" -eq 0 ] || printf 'wrk.headers["content-type"] = "application/json"\nwrk.body = string.rep("x", %d)\n' "$bytes"
	} >"$work/plan.lua"
}

with_wrk() {
	local micros
	micros=$(cpu wrk -t1 -c16 "-d${3}s" --latency -s "$work/plan.lua" "http://$1/widgets")
	awk -v us="$micros" '/requests in/ { print us / $1 }' "$work/said" >>"$work/wrk.$2"
}
with_ours() {
	local micros
	micros=$(cpu "$work/orchestrator" drill --benchmark "$work/plan.yml" --stats -q)
	awk -v us="$micros" '/^Total requests/ { print us / $3; exit }' "$work/said" >>"$work/ours.$2"
}
with_drill() {
	local micros
	micros=$(cpu drill --benchmark "$work/plan.yml" --stats -q)
	awk -v us="$micros" '/^Total requests/ { print us / $3; exit }' "$work/said" >>"$work/drill.$2"
}

echo "CPU of the generator per request, µs, median of $runs"
printf '%-18s %8s %8s %8s %8s %8s\n' request drill wrk ours ours/wrk "at most"
measure() { # NAME METHOD BYTES REQUESTS LIMIT
	plan "$2" "$3" "$4" "$fast"
	rm -f "$work"/{wrk,ours,drill}.cpu
	for _ in $(seq "$runs"); do
		with_wrk "$fast" cpu 3
		with_ours "$fast" cpu
		! command -v drill >/dev/null || with_drill "$fast" cpu
	done
	local theirs ours drill=–
	theirs=$(median <"$work/wrk.cpu")
	ours=$(median <"$work/ours.cpu")
	[ ! -f "$work/drill.cpu" ] || drill=$(median <"$work/drill.cpu")
	awk -v n="$1" -v d="$drill" -v w="$theirs" -v o="$ours" -v l="$5" \
		'BEGIN { printf "%-18s %8s %8.1f %8.1f %8.2f %8s\n", n, d, w, o, o / w, l }'
}
measure "GET, tiny answer" GET 0 200000 1.50
measure "POST 31 kB" POST 31459 120000 1.25
measure "POST 605 kB" POST 604655 12000 1.15

echo
echo "highest resident memory of the generator, MB"
peak() { # COMMAND... on the second core, by the kernel's own high-water mark
	taskset -c 1 "$@" >"$work/said" 2>"$work/complaints" &
	local pid=$! kb=0 now
	while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
		kb=$now
		sleep 0.1
	done
	wait "$pid"
	awk -v kb="$kb" 'BEGIN { printf "%8.1f\n", kb / 1000 }'
}
for requests in 100000 1000000; do
	plan GET 0 "$requests" "$fast"
	printf '%-18s %s\n' "ours, $requests" "$(peak "$work/orchestrator" drill --benchmark "$work/plan.yml" --stats -q)"
done
printf '%-18s %s\n' "wrk, 10 s" "$(peak wrk -t1 -c16 -d10s "http://$fast/widgets")"

echo
echo "latency of a server that waits 5 ms, ms, median of $runs"
printf '%-18s %8s %8s %8s\n' "" wrk ours difference
plan GET 0 10000 "$slow"
for _ in $(seq "$runs"); do
	taskset -c 1 wrk -t1 -c16 -d3s --latency "http://$slow/widgets" |
		awk '$1 == "50%" { print $2 > p50 } $1 == "99%" { print $2 > p99 }' p50="$work/l50" p99="$work/l99"
	sed 's/ms//' "$work/l50" >>"$work/wrk.p50"
	sed 's/ms//' "$work/l99" >>"$work/wrk.p99"
	taskset -c 1 "$work/orchestrator" drill --benchmark "$work/plan.yml" --stats -q --stats-format json 2>/dev/null >"$work/said"
	for q in p50 p99; do
		# The first such key is that of all requests, in milliseconds.
		sed -n "s/.*\"$q\": *\([0-9.]*\).*/\1/p" "$work/said" | head -n 1 >>"$work/ours.$q"
	done
done
for q in p50 p99; do
	awk -v q="$q" -v w="$(median <"$work/wrk.$q")" -v o="$(median <"$work/ours.$q")" \
		'BEGIN { printf "%-18s %8.3f %8.3f %7.1f %%\n", q, w, o, 100 * (o / w - 1) }'
done
