#!/bin/sh
# Instructions of each task on small generated files, counted by callgrind: the same in every run, so that a
# change of a thousandth means something. Arguments: profiles (strings collections huge mixed sessions big).
#
#   KEEP=1         keep the profiles in $BENCH_DIR, for callgrind_annotate
set -eu
. "$(dirname "$0")/common.sh"
command -v valgrind >/dev/null || { echo "valgrind is missing: apt-get install valgrind" >&2; exit 1; }
build_rdb
# Valgrind 3.19 gives up on the debugging information that Swift writes; the symbols stay.
strip -g -o "$work/rdb-stripped" "$RDB"

count() { # FILE TASK...
  input=$1
  shift
  out="$work/callgrind.$(basename "$input" .rdb).$(echo "$*" | tr -d ' ')"
  # The line "summary:" of the profile has the total.
  if ! valgrind --tool=callgrind --callgrind-out-file="$out" "$work/rdb-stripped" "$@" -q -j 1 "$input" \
    >/dev/null 2>"$out.log"; then
    cat "$out.log" >&2
    exit 1
  fi
  awk '$1 == "summary:" || $1 == "totals:" { print $2; exit }' "$out"
  [ -n "${KEEP:-}" ] || rm -f "$out" "$out.log"
}

[ $# -gt 0 ] || set -- strings collections huge mixed
echo "| file | bytes | check | keys | resp | json --lines |"
echo "| --- | --: | --: | --: | --: | --: |"
for profile in "$@"; do
  file=$(generate "$profile" --size 4mb)
  bytes=$(wc -c <"$file" | tr -d ' ')
  row="| $profile | $bytes |"
  for task in check keys resp "json --lines"; do
    # shellcheck disable=SC2086
    row="$row $(count "$file" $task) |"
  done
  echo "$row"
done
