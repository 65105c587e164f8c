#!/bin/sh
# The micro benchmarks: times, and ratios to a reference loop. Arguments go to `swift package benchmark`,
# for example: --filter 'json.*'
set -eu
cd "$(dirname "$0")/.."
export RDB_BENCHMARKS=1
exec swift package --scratch-path Benchmarks/.build --disable-sandbox benchmark --target MicroBenchmarks "$@"
