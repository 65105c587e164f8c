#!/usr/bin/env bash
# install.sh BINARY PREFIX: the command, its man pages and its completions.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$1 prefix=$2
install -d "$prefix/bin" "$prefix/share/man/man1" "$prefix/share/bash-completion/completions" \
  "$prefix/share/zsh/site-functions" "$prefix/share/fish/vendor_completions.d"
install -m 755 -s "$binary" "$prefix/bin/rdb"
"$prefix/bin/rdb" --generate-completion-script bash > "$prefix/share/bash-completion/completions/rdb"
"$prefix/bin/rdb" --generate-completion-script zsh > "$prefix/share/zsh/site-functions/_rdb"
"$prefix/bin/rdb" --generate-completion-script fish > "$prefix/share/fish/vendor_completions.d/rdb.fish"
swift package --allow-writing-to-package-directory generate-manual --multi-page --section 1 >/dev/null
install -m 644 .build/plugins/GenerateManual/outputs/rdb/*.1 "$prefix/share/man/man1/" 2>/dev/null ||
  echo "no man page was generated" >&2
echo "installed $prefix/bin/rdb ($("$prefix/bin/rdb" --version)), man pages and completions"
