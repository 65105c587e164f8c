#!/bin/sh
# run.sh SECONDS [TARGET…]: builds the fuzz targets, seeds their corpora from the fixtures, and runs each that long.
# What it finds is left in Fuzz/.build/findings; the exit status is that of the first target that found something.
set -eu
cd "$(dirname "$0")/.."
export RDB_FUZZ=1
build="--scratch-path Fuzz/.build -c release --sanitize fuzzer"
seconds=${1:?usage: run.sh SECONDS [TARGET…]}
shift
[ $# -gt 0 ] || set -- Reader PushReader Listpack Ziplist Intset Zipmap LZF Stream LengthPrefix Commands Manifest Snapshots Replies Following
corpus=Fuzz/.build/corpus
mkdir -p Fuzz/.build/findings
[ -d "$corpus" ] || python3 Fuzz/seed.py "$corpus"
for target in "$@"; do
  # shellcheck disable=SC2086
  swift build $build --product "Fuzz$target"
done
# shellcheck disable=SC2086
bin=$(swift build $build --show-bin-path)
for target in "$@"; do
  echo "== Fuzz$target: $seconds seconds"
  "$bin/Fuzz$target" -max_total_time="$seconds" -max_len=9000 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=128 \
    -print_final_stats=1 -artifact_prefix="Fuzz/.build/findings/$target-" "$corpus/$target"
done
echo "== $# targets, $seconds seconds each: nothing found"
