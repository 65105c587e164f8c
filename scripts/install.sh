#!/usr/bin/env bash
# install.sh BINARY PREFIX: installs the command, its manual pages and its completions under PREFIX.
# share/rdb/folders lists the folders that this made, outermost first: uninstall.sh removes those that are empty.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$1 prefix=$2

# Folders above the prefix, as paths relative to it: `.` is the prefix itself, `..` its parent.
made=() up=. path=$prefix
while [ ! -d "$path" ]; do
  made=("$up" ${made[@]+"${made[@]}"})
  [ "$up" = . ] && up=.. || up=../$up
  path=$(dirname "$path")
done
mkdir -p "$prefix"
for folder in bin share/man/man1 share/bash-completion/completions share/zsh/site-functions \
  share/fish/vendor_completions.d share/rdb; do
  part=
  for name in ${folder//\// }; do
    part=${part:+$part/}$name
    [ -d "$prefix/$part" ] && continue
    install -d "$prefix/$part"
    made+=("$part")
  done
done
# A second installation adds to the list of the first.
printf '%s\n' ${made[@]+"${made[@]}"} | sed '/^$/d' >> "$prefix/share/rdb/folders"

install -m 755 -s "$binary" "$prefix/bin/rdb"
"$prefix/bin/rdb" --generate-completion-script bash > "$prefix/share/bash-completion/completions/rdb"
"$prefix/bin/rdb" --generate-completion-script zsh > "$prefix/share/zsh/site-functions/_rdb"
"$prefix/bin/rdb" --generate-completion-script fish > "$prefix/share/fish/vendor_completions.d/rdb.fish"
rm -f "$prefix"/share/man/man1/rdb.1 "$prefix"/share/man/man1/rdb.*.1
scripts/manual.sh "$prefix/bin/rdb" "$prefix/share/man/man1"
echo "installed $prefix/bin/rdb ($("$prefix/bin/rdb" --version)), man pages and completions for bash, zsh and fish"
