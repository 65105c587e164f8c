#!/usr/bin/env bash
# licences.sh CHECKOUTS: prints the licences of all that is inside the binary: this project, the Swift packages of which
# CHECKOUTS has the sources, the Swift runtime, and the libraries of the system.
set -euo pipefail
checkouts=$1
section() { printf '\n%s\n%s\n\n' "$1" "$(printf '%*s' "${#1}" '' | tr ' ' =)"; }

cat <<'TEXT'
The command rdb is licensed under the Apache License, version 2.0. Copyright 2026 the swift-rdb authors. The file LICENSE has the
text of the licence; on Debian systems, /usr/share/common-licenses/Apache-2.0 has it.

The binary contains the libraries that the following sections name, each under its own licence. The Swift runtime
(https://swift.org) is under the Apache License, version 2.0, with the Runtime Library Exception. The C++ and the compiler's
support library are under the GNU General Public License, version 3, with the GCC Runtime Library Exception.
TEXT
for package in "$checkouts"/*/; do
  name=$(basename "$package")
  for file in "$package"LICENSE* "$package"NOTICE*; do
    [ -f "$file" ] || continue
    section "$name: $(basename "$file" .txt)"
    # The text of the Apache License is not repeated; notices and exceptions are.
    if grep -q 'Apache License' "$file" && [[ $(basename "$file") == LICENSE* ]]; then
      echo 'Apache License, version 2.0.'
      sed -n '/Runtime Library Exception/,$p' "$file"
    else
      cat "$file"
    fi
  done
done
for package in zlib1g-dev libzstd-dev liblz4-dev libpcre2-dev liblzf-dev libsqlite3-dev; do
  file=/usr/share/doc/$package/copyright
  [ -f "$file" ] || continue
  section "${package%-dev}"
  cat "$file"
done
