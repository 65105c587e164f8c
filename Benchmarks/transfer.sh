#!/bin/sh
# Moves keys between servers on loopback, each way in turn, and prints a table in Markdown with ratios:
# `rdb load` beside `redis-cli --pipe`, `rdb fetch` beside `redis-cli --rdb`, and `rdb migrate` beside a loop that works
# as redis-dump-go does. Each run has new servers without persistence.
#
#   KEYS=1000000       small string keys
#   COLLECTIONS=100000 hashes, sets, sorted sets and lists
#   REPEAT=3           rounds
#   SLOW=1             0: without the loop that waits for each reply, which takes a minute
#   ROWS=…             only these groups: load restore fetch migrate
#   RDB=…              a binary to measure instead of building one
#   HISTORY=1          append the table to RESULTS.md
set -eu
. "$(dirname "$0")/common.sh"
build_rdb
here=$(cd "$(dirname "$0")" && pwd)

if [ ! -x "$work/dump-loop" ] || [ "$here/dump-loop.swift" -nt "$work/dump-loop" ]; then
  swiftc -O -swift-version 5 "$here/dump-loop.swift" -o "$work/dump-loop" >&2
fi
measure() {
  python3 "$here/transfer.py" --rdb "$RDB" --work "$work" --loop "$work/dump-loop" --keys "${KEYS:-1000000}" \
    --collections "${COLLECTIONS:-100000}" --repeat "${REPEAT:-3}" --slow "${SLOW:-1}" ${ROWS:+--rows "$ROWS"}
}
if [ "${HISTORY:-0}" = 1 ]; then
  measure | tee -a "$here/RESULTS.md"
else
  measure
fi
