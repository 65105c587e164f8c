#!/usr/bin/env bash
# Fails when a target imports a module that Package.swift does not name among its dependencies.
# SwiftPM reports this only for a tree that is already built, so the tree is built twice.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
${SWIFT:-swift} build -c "${CONFIGURATION:-debug}" --build-tests >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
if ! ${SWIFT:-swift} build -c "${CONFIGURATION:-debug}" --build-tests --explicit-target-dependency-import-check error >"$log" 2>&1; then
  cat "$log" >&2
  echo "check-imports: declare each imported module as a dependency of its target in Package.swift" >&2
  exit 1
fi
echo "check-imports: every import is a declared dependency"
