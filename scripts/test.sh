#!/usr/bin/env bash
# test.sh CONFIGURATION [OPTION…]: builds the tests (debug or release), runs them, and prints one line per suite.
# Options go to `swift test`: --filter RDBTests, for example.
set -euo pipefail
cd "$(dirname "$0")/.."
configuration=$1
shift
${SWIFT:-swift} build -c "$configuration" --build-tests --quiet
${SWIFT:-swift} test -c "$configuration" --skip-build "$@" 2>&1 | awk -f scripts/suites.awk
