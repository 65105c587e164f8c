# For the scripts beside it: the release build of `rdb`, and generated files.

root=$(cd "$(dirname "$0")/.." && pwd)
work=${BENCH_DIR:-${TMPDIR:-/tmp}/rdb-bench}
mkdir -p "$work"

# Builds rdb, unless RDB names one that is to be measured.
build_rdb() {
  if [ -z "${RDB:-}" ]; then
    (cd "$root" && swift build -c release --product rdb >&2)
    RDB=$(cd "$root" && swift build -c release --show-bin-path)/rdb
  fi
}

# generate PROFILE OPTION...: writes $work/PROFILE-OPTIONS.rdb once, and prints its path.
generate() {
  profile=$1
  shift
  file="$work/$profile$(echo "$*" | tr -d ' ' | sed 's/--/-/g').rdb"
  if [ ! -s "$file" ]; then
    "$RDB" gen -o "$file" --profile "$profile" "$@" >&2
  fi
  echo "$file"
}
