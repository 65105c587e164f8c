#!/usr/bin/env bash
# check-docs.sh [FOLDER]: builds the DocC archive of every library product, into FOLDER if given. Fails on a warning, on
# a product without a landing page (Sources/X/X.docc/X.md), and on a public type or function that no page curates.
# The archive of RDB holds the vocabulary of RDBFormat too, which RDB re-exports.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
output=${1:-$folder/archives}
products=$(sed -nE 's/^ *\.library\(name: "([A-Za-z]+)".*/\1/p' Package.swift | grep -vx RDBFormat)
${SWIFT:-swift} build -c "${CONFIGURATION:-debug}" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
# shellcheck disable=SC2086
scripts/symbol-graphs.sh "$folder/graphs" -experimental-allowed-reexported-modules=RDBFormat -emit-extension-block-symbols -- $products
docc=$(dirname "$(${SWIFT:-swift} -print-target-info | sed -n 's/^ *"runtimeResourcePath": "\(.*\)",*$/\1/p' | head -1)")/../bin/docc
[ -x "$docc" ] || docc=docc
[ "$(uname)" != Darwin ] || docc="xcrun docc"
status=0
mkdir -p "$output"
for product in $products; do
  catalog=Sources/$product/$product.docc
  if [ ! -e "$catalog/$product.md" ]; then
    echo "check-docs: $product has no landing page $catalog/$product.md" >&2
    status=1
    continue
  fi
  $docc convert "$catalog" --additional-symbol-graph-dir "$folder/graphs/$product" --output-dir "$output/$product.doccarchive" \
    --fallback-display-name "$product" --fallback-bundle-identifier "swift-rdb.$product" --warnings-as-errors \
    --ide-console-output >"$folder/log" 2>&1 || { grep -vE '^Finished|^$' "$folder/log" >&2; echo "check-docs: $product has warnings" >&2; status=1; }
  python3 scripts/uncurated.py "$folder/graphs/$product" "$catalog" || status=1
done
[ $status = 0 ] || exit 1
echo "check-docs: documentation builds without a warning for" $products
