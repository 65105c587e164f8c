#!/usr/bin/env bash
# symbol-graphs.sh FOLDER OPTION… -- MODULE…: writes the symbol graph of each module of the debug build to
# FOLDER/MODULE/. Options go to `swift symbolgraph-extract`. The module must have been built.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1
shift
options=()
while [ "$1" != -- ]; do options+=("$1"); shift; done
shift
build=$(${SWIFT:-swift} build -c "${CONFIGURATION:-debug}" --show-bin-path)
search=(-I "$build/Modules")
for headers in Sources/C*/include; do search+=(-I "$headers"); done
for map in Sources/C*/module.modulemap; do search+=(-I "$(dirname "$map")"); done
for map in "$build"/C*.build/module.modulemap; do search+=(-Xcc "-fmodule-map-file=$map"); done
# The folders that the package manager takes from pkg-config.
for library in $(sed -n 's/.*pkgConfig: "\([^"]*\)".*/\1/p' Package.swift); do
  for flag in $(pkg-config --cflags-only-I "$library"); do search+=("$flag"); done
done
target=$(${SWIFT:-swift} -print-target-info | sed -n 's/^ *"triple": "\(.*\)",$/\1/p' | head -1)
sdk=/
[ "$(uname)" != Darwin ] || sdk=$(xcrun --show-sdk-path)
for module in "$@"; do
  mkdir -p "$folder/$module"
  ${SWIFT:-swift} symbolgraph-extract -module-name "$module" "${search[@]}" -sdk "$sdk" -target "$target" \
    -minimum-access-level public -skip-synthesized-members ${options[@]+"${options[@]}"} -output-dir "$folder/$module"
done
