#!/usr/bin/env bash
# check-libraries.sh BINARY [LIMIT]: prints the highest version of glibc's symbols that BINARY needs. Fails if it is above
# LIMIT (2.35, that of Ubuntu 22.04), or if BINARY needs a shared library that does not belong to glibc.
set -euo pipefail
binary=$1 limit=${2:-2.35}
[ "$(od -An -tx1 -N4 "$binary" | tr -d ' ')" = 7f454c46 ] || { echo "check-libraries: $binary is no ELF file" >&2; exit 1; }
symbols=$(objdump -T "$binary")
highest=$(grep -oE 'GLIBC_[0-9.]+' <<<"$symbols" | sed 's/GLIBC_//' | sort -Vu | tail -1)
status=0
if [ -z "$highest" ]; then
  echo "check-libraries: $binary has no symbols of glibc: this check finds nothing" >&2
  status=1
elif [ "$(printf '%s\n' "$limit" "$highest" | sort -V | tail -1)" != "$limit" ]; then
  echo "check-libraries: $binary needs glibc $highest, more than $limit, for:" >&2
  grep -E "GLIBC_${highest//./\\.}([^0-9.]|$)" <<<"$symbols" | awk '{ print "  " $NF }' >&2
  status=1
fi
others=$(objdump -p "$binary" | awk '$1 == "NEEDED" { print $2 }' |
  grep -vE '^(lib(c|m|dl|rt|pthread|resolv|util)\.so\.[0-9]+|ld-linux[-a-z0-9_]*\.so\.[0-9]+)$' || true)
if [ -n "$others" ]; then
  echo "check-libraries: $binary needs libraries beside glibc:" $others >&2
  status=1
fi
[ "$status" = 0 ] && echo "glibc $highest"
exit "$status"
