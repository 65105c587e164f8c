#!/usr/bin/env bash
# Fails when a word that the glossary replaced comes back below Sources/, in code or in comments: each has a word that
# says more. See the glossary in CONTRIBUTING.md.
set -euo pipefail
cd "$(dirname "$0")/.."
words='stretch(es)?|lanes?|joints?|tall(y|ies|ied)|nobody|somebody|whoever|nowhere|what stands'
if git ls-files --cached --others --exclude-standard 'Sources/*.swift' 'Sources/*.md' | xargs grep -niE "\\b($words)\\b"; then
  echo "check-words: use the glossary's word instead (CONTRIBUTING.md)" >&2
  exit 1
fi
echo "check-words: no replaced word is in use"
