#!/usr/bin/env bash
# Fails when a target imports a module that Package.swift does not name among its dependencies. SwiftPM has an option
# for this, but reports it only for a tree that is already built; this reads the imports, and builds nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! RDB_FUZZ=1 RDB_BENCHMARKS=1 ${SWIFT:-swift} package dump-package | python3 scripts/imports.py; then
  echo "check-imports: declare each imported module as a dependency of its target in Package.swift" >&2
  exit 1
fi
echo "check-imports: every import is a declared dependency"
