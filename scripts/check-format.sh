#!/usr/bin/env bash
# Fails when a Swift file differs from what `swift format` writes, or breaks one of the rules in .swift-format.
# To correct what can be corrected mechanically: scripts/check-format.sh --fix
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" = --fix ]; then
  git ls-files -z --cached --others --exclude-standard '*.swift' | xargs -0 swift format format --in-place --parallel
fi
git ls-files -z --cached --others --exclude-standard '*.swift' | xargs -0 swift format lint --strict --parallel || {
  echo "check-format: run scripts/check-format.sh --fix, then correct the rest by hand" >&2
  exit 1
}
echo "check-format: every Swift file is formatted"
