#!/usr/bin/env bash
# Fails when a library names an option of the command: a library names the condition and its own API; RDBCommand adds
# the option. The options are those in the help texts that the tests expect.
set -euo pipefail
cd "$(dirname "$0")/.."
options=$(sed -nE 's/^  (-[a-zA-Z], )?(--[a-z][a-z-]+).*/\2/p' Tests/RDBCommandTests/Expected/*.txt | sort -u | paste -sd'|' -)
if git ls-files --cached --others --exclude-standard 'Sources/*.swift' ':!Sources/RDBCommand' |
  xargs grep -nE -e "(^|[^a-z-])($options)([^a-z-]|\$)" | grep -v "redis-cli --"; then
  echo "check-flags: name the condition and the API here, and the option in Sources/RDBCommand" >&2
  exit 1
fi
echo "check-flags: no library names an option of the command"
