#!/usr/bin/env bash
# Fails when a file below Sources/ uses unsafe code (`unsafe`, `Unsafe`, `unchecked`) and Documentation/unsafe.md does
# not list it, or when the page lists a file that has none.
set -euo pipefail
cd "$(dirname "$0")/.."
page=Documentation/unsafe.md
used=$(git ls-files --cached --others --exclude-standard 'Sources/*.swift' | xargs grep -lE '[Uu]nsafe|unchecked' | sort)
listed=$(grep '^| `' "$page" | grep -oE '`[A-Za-z]+/[^`]*\.swift`' | tr -d '`' | sed 's|^|Sources/|' | sort -u)
added=$(comm -23 <(echo "$used") <(echo "$listed"))
stale=$(comm -13 <(echo "$used") <(echo "$listed"))
for file in $added; do
  echo "check-unsafe: $file uses unsafe code; avoid it, or add a row with the reason to $page:" >&2
  grep -nE '[Uu]nsafe|unchecked' "$file" | head -5 | sed 's/^/    /' >&2
done
for file in $stale; do echo "check-unsafe: $page lists $file, which has no unsafe code: remove its row" >&2; done
[ -z "$added$stale" ] || exit 1
echo "check-unsafe: unsafe code is in the $(echo "$used" | wc -l | tr -d ' ') files that $page lists"
