#!/usr/bin/env bash
# check-limit.sh BINARY: checks that BINARY needs only glibc, in a version that the oldest supported systems have, and
# that the check itself finds a newer version and another library.
set -euo pipefail
binary=$(realpath "$1")
cd "$(dirname "$0")"
fail() { echo "check-limit: $*" >&2; exit 1; }
found=$(./check-libraries.sh "$binary")
! ./check-libraries.sh "$binary" 2.2.5 2>/dev/null || fail "a limit below ${found} is no reason to fail"
! ./check-libraries.sh "$(command -v openssl)" 9.9 2>/dev/null || fail "another library is no reason to fail"
echo "check-limit: the binary needs $found, and nothing else"
