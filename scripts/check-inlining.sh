#!/usr/bin/env bash
# Fails when a type of package access has @inlinable members but is not @usableFromInline itself: the compiler then
# neither inlines nor specialises these members in other modules, and says nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
files=$(git ls-files --cached --others --exclude-standard 'Sources/*.swift')
# The first reading of all files finds the types, the second their members. Only types that are not nested are seen.
found=$(awk '
  FNR == 1 { reading = FILENAME in seen ? 2 : 1; seen[FILENAME] = 1; type = ""; former = "" }
  /^[^ \t}\/#)]/ && match($0, /(struct|class|enum|protocol|actor|extension) [A-Za-z0-9]+/) {
    split(substr($0, RSTART, RLENGTH), words, " ")
    type = words[2]
    if (reading == 1 && words[1] != "extension" && /package / && ($0 former) !~ /@usableFromInline/) hidden[type] = 1
  }
  reading == 2 && /@inlinable/ && type in hidden { print FILENAME ":" FNR ": " type }
  { former = $0 }
' $files $files)
if [ -n "$found" ]; then
  echo "$found" >&2
  echo "check-inlining: add @usableFromInline to the declarations of these types, or take @inlinable away" >&2
  exit 1
fi
echo "check-inlining: each type with inlinable members can be inlined in other modules"
