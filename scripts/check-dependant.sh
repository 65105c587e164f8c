#!/usr/bin/env bash
# Builds a package that depends on every library product, as a user's would. Fails when that package fetches another
# package (it asks for `traits: []`), or when a warning comes from the sources here.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
products=$(sed -nE 's/^ *\.library\(name: "([A-Za-z]+)".*/\1/p' Package.swift)
mkdir -p "$folder/Sources/Dependant"
{
  echo '// swift-tools-version: 6.2'
  echo 'import PackageDescription'
  echo 'let package = Package('
  echo '  name: "Dependant", platforms: [.macOS(.v26)],'
  echo "  dependencies: [.package(name: \"swift-rdb\", path: \"$root\", traits: [])],"
  echo '  targets: [.executableTarget(name: "Dependant", dependencies: ['
  for product in $products; do echo "    .product(name: \"$product\", package: \"swift-rdb\"),"; done
  echo '  ])])'
} >"$folder/Package.swift"
for product in $products; do echo "import $product"; done >"$folder/Sources/Dependant/main.swift"
echo 'print("A package that depends on swift-rdb")' >>"$folder/Sources/Dependant/main.swift"

cd "$folder"
${SWIFT:-swift} package resolve >log 2>&1 || { cat log >&2; exit 1; }
fetched=$(ls .build/checkouts .build/repositories 2>/dev/null | grep -v ':$' || true)
if [ -n "$fetched" ]; then
  echo "check-dependant: with traits: [] a user of the libraries fetches:" $fetched >&2
  exit 1
fi
${SWIFT:-swift} build >log 2>&1 || { cat log >&2; exit 1; }
if grep -E "^[^ ]*: warning: " log | sort -u | grep . >&2; then
  echo "check-dependant: a user of the libraries sees these warnings" >&2
  exit 1
fi
.build/debug/Dependant >/dev/null
echo "check-dependant: builds without a warning, and fetches nothing with traits: []"
