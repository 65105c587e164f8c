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

# The tool of ArgumentParser's plugin, given the binary that was just built: the plugin would build another one, for
# minutes, without the static runtime, and leave it in this one's place.
"${SWIFT:-swift}" build --product generate-manual
rm -f "$prefix"/share/man/man1/rdb.1 "$prefix"/share/man/man1/rdb.*.1
"$("${SWIFT:-swift}" build --show-bin-path)/generate-manual" "$prefix/bin/rdb" --multi-page --section 1 \
  --output-directory "$prefix/share/man/man1"
echo "installed $prefix/bin/rdb ($("$prefix/bin/rdb" --version)), man pages and completions for bash, zsh and fish"
