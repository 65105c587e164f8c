#!/usr/bin/env bash
# Builds the examples in debug and in release, runs each, and compares what it prints with Expected/.
# One configuration only: Examples/run.sh debug
set -euo pipefail
cd "$(dirname "$0")"
dump=../Fixtures/redis-6.2.16/sessions.rdb
damaged=../Fixtures/damaged/024-redis-7.0.15-damaged-quicklist2.rdb
log=../Fixtures/aof/redis-7.0.15-multipart/appendonly.aof.2.incr.aof
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# compare NAME: compares what the example printed with Expected/NAME.txt.
compare() {
  if diff -u "Expected/$1.txt" "$work/$1.txt"; then
    echo "example $1 ($configuration): as expected"
  else
    echo "example $1 ($configuration): prints something else" >&2
    status=1
  fi
}

for configuration in ${1:-debug release}; do
  ${SWIFT:-swift} build -c "$configuration" --quiet
  bin=$(${SWIFT:-swift} build -c "$configuration" --show-bin-path)

  "$bin/CountByType" "$dump" >"$work/CountByType.txt"
  compare CountByType

  "$bin/WriteCommands" "$dump" "$work/commands.resp" >"$work/WriteCommands.txt"
  cksum <"$work/commands.resp" >>"$work/WriteCommands.txt"
  compare WriteCommands

  "$bin/WriteJSON" "$dump" >"$work/lines.json"
  head -n 3 "$work/lines.json" | cut -c1-120 >"$work/WriteJSON.txt"
  wc -l <"$work/lines.json" | tr -d ' ' >>"$work/WriteJSON.txt"
  compare WriteJSON

  cat "$dump" | "$bin/ReceiveChunks" >"$work/ReceiveChunks.txt"
  compare ReceiveChunks

  "$bin/OwnedKeys" "$dump" >"$work/keys"
  head -n 5 "$work/keys" >"$work/OwnedKeys.txt"
  compare OwnedKeys

  "$bin/FilteredCopy" "$dump" "$work/copy.rdb" >"$work/FilteredCopy.txt"
  "$bin/CountByType" "$work/copy.rdb" >>"$work/FilteredCopy.txt"
  redis-check-rdb "$work/copy.rdb" >"$work/check.log" || { cat "$work/check.log" >&2; status=1; }
  compare FilteredCopy

  "$bin/RewriteForRelease" ../Fixtures/redis-8.2.3/all.rdb "$work/old.rdb" >"$work/RewriteForRelease.txt"
  redis-check-rdb "$work/old.rdb" >"$work/check.log" || { cat "$work/check.log" >&2; status=1; }
  compare RewriteForRelease

  "$bin/LargestKeys" "$dump" >"$work/LargestKeys.txt"
  compare LargestKeys

  "$bin/ShowError" "$damaged" >"$work/ShowError.txt"
  compare ShowError

  "$bin/OwnError" "$dump" >"$work/OwnError.txt"
  compare OwnError

  # The program stops before the end of its input, which ends `cat` by a signal.
  "$bin/ReadPipe" < <(cat "$dump") 2>/dev/null >"$work/ReadPipe.txt"
  compare ReadPipe

  "$bin/KeyHistory" "$log" cart:v:list >"$work/KeyHistory.txt"
  compare KeyHistory

  "$bin/ValueDigests" "$dump" >"$work/digests"
  head -n 5 "$work/digests" >"$work/ValueDigests.txt"
  compare ValueDigests
done
exit $status
