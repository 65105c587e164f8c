#!/bin/sh
# Times whole commands in turn, A B A B, on the same generated files: ours, redis-check-rdb, redis-rdb-tools,
# cat, and librdb's rdb-cli and HDT3213's rdb where they are found. Prints tables in Markdown.
#
#   SCALE=1          1: the files of Documentation/performance.md (336 MB to 1 GB each); 0.05: a twentieth, for a few minutes
#   PROFILES="…"     strings collections huge mixed big
#   REPEAT=5         rounds
#   SLOW_REPEAT=1    rounds of what takes more than SLOW_SECONDS=20 in the first
#   RDB=…            a binary to measure instead of building one
#   RDB_CLI=…, HDT3213_RDB=…   where those are, if not on PATH (the latter is called rdb as well)
#   RDBTOOLS=0       without redis-rdb-tools, which is slow
#   LOGS=0           without command files beside redis-server, which loads them
#   HISTORY=1        append the tables to RESULTS.md
set -eu
. "$(dirname "$0")/common.sh"
build_rdb
here=$(cd "$(dirname "$0")" && pwd)
SCALE=${SCALE:-1}

scaled() { awk -v n="$1" -v s="$SCALE" 'BEGIN { printf "%d", n * s }'; }

if [ "${RDBTOOLS:-1}" != 0 ] && [ ! -x "$work/venv/bin/rdb" ]; then
  python3 -m venv "$work/venv" >&2 &&
    "$work/venv/bin/pip" install --quiet rdbtools python-lzf >&2 ||
    echo "redis-rdb-tools could not be installed: left out" >&2
fi

# The options that make a profile's file at this scale.
extent() {
  case $1 in
  strings) echo --keys "$(scaled 5000000)" ;;
  collections) echo --keys "$(scaled 1500000)" ;;
  # One hash of 5 M fields, one sorted set of 3 M members, one list of 5 M elements.
  huge) [ "$SCALE" = 1 ] || echo --size "$(scaled 360000000)" ;;
  mixed | big) echo --compress --size "$(scaled 1000000000)" ;;
  *) echo --size "$(scaled 1000000000)" ;;
  esac
}

files=""
for profile in ${PROFILES:-strings collections huge mixed big}; do
  # shellcheck disable=SC2046
  file=$(generate "$profile" $(extent "$profile"))
  old=""
  if [ -x "$work/venv/bin/rdb" ] && [ "${RDBTOOLS:-1}" != 0 ]; then
    # redis-rdb-tools knows no version after 9.
    # shellcheck disable=SC2046
    old=:$(generate "$profile" $(extent "$profile") --version 9)
  fi
  files="$files $profile=$file$old"
done

# shellcheck disable=SC2086
set -- python3 "$here/compare.py" --rdb "$RDB" --work "$work" --scale "$SCALE" --repeat "${REPEAT:-5}" \
  --slow-repeat "${SLOW_REPEAT:-1}" --slow-seconds "${SLOW_SECONDS:-20}" $files
measure() {
  "$@"
  # Command files are made from the file `mixed`.
  mixed=$(echo "$files" | tr ' ' '\n' | sed -n 's/^mixed=\([^:]*\).*/\1/p')
  if [ -n "$mixed" ] && [ "${LOGS:-1}" != 0 ]; then
    python3 "$here/logs.py" --rdb "$RDB" --work "$work" --scale "$SCALE" --repeat "${REPEAT:-5}" \
      --slow-repeat "${SLOW_REPEAT:-1}" --slow-seconds "${SLOW_SECONDS:-20}" "$mixed"
  fi
}

if [ "${HISTORY:-0}" = 1 ]; then
  measure "$@" | tee -a "$here/RESULTS.md"
else
  measure "$@"
fi
