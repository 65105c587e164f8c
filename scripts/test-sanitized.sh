#!/usr/bin/env bash
# Runs the tests in debug mode, with large matrices sampled, under AddressSanitizer and then under ThreadSanitizer.
# test-sanitized.sh [SANITIZER…]: address, thread.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
[ $# -gt 0 ] || set -- address thread
status=0
# The test library itself leaks a little.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
export TSAN_OPTIONS=${TSAN_OPTIONS:-suppressions=$PWD/scripts/thread-sanitizer.txt}
for sanitizer in "$@"; do
  echo "== $sanitizer"
  scratch=.build/sanitize-$sanitizer
  "$swift" build --build-tests --sanitize="$sanitizer" --scratch-path "$scratch" --quiet
  RDB_TEST_SAMPLE=1 "$swift" test --skip-build --sanitize="$sanitizer" --scratch-path "$scratch" 2>&1 |
    awk -f scripts/suites.awk || status=1
done
exit $status
