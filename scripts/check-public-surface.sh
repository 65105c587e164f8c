#!/usr/bin/env bash
# Counts the public declarations of every product and fails when a count exceeds its budget in public-surface.txt, or
# when a public declaration has no documentation comment.
#
# `swift symbolgraph-extract` lists what a user can name: types, their members, associated types. These are left out:
# - implementations of protocol requirements (-skip-protocol-implementations, defaultImplementationOf, and for the
#   standard library's protocols the table in public-surface.py),
# - members that the compiler writes itself (-skip-synthesized-members),
# - enum cases, which are part of their enum: their number is printed beside the count.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
modules=$(sed -e 's/#.*//' -e '/^total/d' -e '/^undocumented/d' -e 's/[0-9]*$//' -e 's/+//g' scripts/public-surface.txt)
${SWIFT:-swift} build -c "${CONFIGURATION:-debug}" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
# shellcheck disable=SC2086
scripts/symbol-graphs.sh "$folder" -skip-protocol-implementations -- $modules
python3 scripts/public-surface.py "$folder" scripts/public-surface.txt
