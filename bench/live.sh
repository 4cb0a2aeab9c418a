#!/usr/bin/env bash
# Prints what the live page of compare --serve costs while a browser has it open,
# in per cent of a core: a run of 10 rounds of 3 variants is played second by
# second into the page, and something in place of a browser takes an event a second
# and every new report. What that takes itself is in the figure.
#
#   bench/live.sh [RUNS]        5 runs by default, less than a minute
set -euo pipefail
cd "$(dirname "$0")/.."
go test ./orchestrator/internal/web -run '^$' -bench '^BenchmarkLive$' -benchtime 1x -count "${1:-5}" |
	awk '/^BenchmarkLive/ { for (i = 2; i < NF; i++) if ($(i + 1) == "%core") { print $i " % of a core"; n++ } } END { exit n == 0 }'
