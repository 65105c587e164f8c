#!/usr/bin/env bash
# test-live.sh [CONFIGURATION]: runs the suites that start servers and connect to them: those of RedisTransfer, and those
# below Tests/RDBCommandTests/Live. Ends them after 20 minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
suites=$(sed -nE 's/^(@Suite(\(.*\))? )?struct ([A-Za-z]+Tests) .*/\3/p' Tests/RDBCommandTests/Live/*.swift | sort -u | paste -sd'|' -)
[ -n "$suites" ] || { echo "test-live: no suite below Tests/RDBCommandTests/Live" >&2; exit 1; }
"${SWIFT:-swift}" build -c "${1:-release}" --build-tests --quiet
exec timeout --signal=INT 1200 scripts/test.sh "${1:-release}" --filter "RedisTransferTests\.|RDBCommandTests\.($suites)"
