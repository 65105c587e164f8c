#!/usr/bin/env bash
# check-install.sh BINARY: installs the built command into a temporary folder, checks its manual pages, and checks
# that uninstalling leaves nothing, not even an empty folder, and keeps what was there before.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "check-install: $*" >&2; exit 1; }

mkdir -p "$work/share/man"
prefix=$work/opt/rdb
scripts/install.sh "$1" "$prefix"
scripts/install.sh "$1" "$prefix" >/dev/null

pages=("$prefix"/share/man/man1/*.1)
[ ${#pages[@]} -ge 20 ] || fail "${#pages[@]} manual pages"
for page in "${pages[@]}"; do
  if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning "$page" || fail "mandoc warns about $(basename "$page")"
  fi
  if command -v groff >/dev/null; then
    said=$(groff -ww -mandoc -Tutf8 "$page" 2>&1 >/dev/null)
    [ -z "$said" ] || fail "groff warns about $(basename "$page"): $said"
  fi
done

touch "$prefix/share/other"
scripts/uninstall.sh "$prefix" >/dev/null
rest=$(cd "$work" && find . -mindepth 1 | sort | tr '\n' ' ')
[ "$rest" = "./opt ./opt/rdb ./opt/rdb/share ./opt/rdb/share/other ./share ./share/man " ] || fail "left: $rest"
