#!/usr/bin/env bash
# Measures which lines and regions of RDBFormat and RDB the tests execute, in debug mode with large matrices sampled.
# Prints a line per file that is not covered wholly (with --files) and the sums of both modules, and fails below the
# least percentages in scripts/coverage.txt.
#
# Only suites that run in the test process count: a command that a test starts writes no profile here.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
scratch=.build/coverage
suites='^(RDBFormatTests|RDBTests|RDBConvertTests|RDBCompressionTests|RDBFilteringTests|RDBAnalysisTests|RDBIndexTests)\.'
RDB_TEST_SAMPLE=1 "$swift" build --build-tests --enable-code-coverage --scratch-path "$scratch" --quiet
RDB_TEST_SAMPLE=1 "$swift" test --skip-build --enable-code-coverage --scratch-path "$scratch" --filter "$suites" 2>&1 |
  awk -f scripts/suites.awk
report=$("$swift" test --show-codecov-path --enable-code-coverage --scratch-path "$scratch")
python3 scripts/coverage.py "$report" scripts/coverage.txt "$@"
