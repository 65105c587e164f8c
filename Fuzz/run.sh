#!/bin/sh
# run.sh SECONDS [TARGET…]: builds the fuzz targets, seeds their corpora from the fixtures, and runs each that long.
# What it finds is left in .build/findings; the exit status is that of the first target that found something.
set -eu
cd "$(dirname "$0")"
seconds=${1:?usage: run.sh SECONDS [TARGET…]}
shift
[ $# -gt 0 ] || set -- Reader PushReader Listpack Ziplist Intset Zipmap LZF Stream LengthPrefix
corpus=.build/corpus
mkdir -p .build/findings
[ -d "$corpus" ] || python3 seed.py "$corpus"
for target in "$@"; do
  swift build -c release --sanitize fuzzer --product "Fuzz$target"
done
bin=$(swift build -c release --sanitize fuzzer --show-bin-path)
for target in "$@"; do
  echo "== Fuzz$target: $seconds seconds"
  "$bin/Fuzz$target" -max_total_time="$seconds" -max_len=9000 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=128 \
    -print_final_stats=1 -artifact_prefix=".build/findings/$target-" "$corpus/$target"
done
echo "== $# targets, $seconds seconds each: nothing found"
