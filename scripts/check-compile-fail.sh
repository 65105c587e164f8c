#!/usr/bin/env bash
# Compiles each file of Tests/CompileFail against the debug build, as a user's program. A file states, in lines of the
# form `// error: text`, which errors the compiler must report; a file without such a line must compile.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
${SWIFT:-swift} build -c "${CONFIGURATION:-debug}" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
build=$(${SWIFT:-swift} build -c "${CONFIGURATION:-debug}" --show-bin-path)
search=(-I "$build/Modules")
for headers in Sources/C*/include; do search+=(-I "$headers"); done
for map in Sources/C*/module.modulemap; do search+=(-I "$(dirname "$map")"); done
for map in "$build"/C*.build/module.modulemap; do search+=(-Xcc "-fmodule-map-file=$map"); done
compiler=$(dirname "$(command -v "${SWIFT:-swift}")")/swiftc
status=0
count=0
for file in Tests/CompileFail/*.swift; do
  [ -e "$file" ] || continue
  count=$((count + 1))
  compiled=yes
  "$compiler" -swift-version 6 -parse-as-library -emit-sil "${search[@]}" "$file" -o /dev/null >"$folder/log" 2>&1 || compiled=no
  errors=$(sed -n 's|^ *// error: ||p' "$file")
  if [ -z "$errors" ] && [ $compiled = no ]; then
    cat "$folder/log" >&2
    echo "check-compile-fail: $file must compile" >&2
    status=1
  elif [ -n "$errors" ] && [ $compiled = yes ]; then
    echo "check-compile-fail: $file compiles, and must not" >&2
    status=1
  elif [ -n "$errors" ]; then
    while IFS= read -r error; do
      grep -qF -- "$error" "$folder/log" || {
        cat "$folder/log" >&2
        echo "check-compile-fail: $file lacks the error: $error" >&2
        status=1
      }
    done <<<"$errors"
  fi
done
if [ $count = 0 ]; then
  echo "check-compile-fail: there is no file in Tests/CompileFail" >&2
  status=1
fi
[ $status = 0 ] || exit 1
echo "check-compile-fail: $count files compile, or fail, as they state"
