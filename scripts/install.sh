#!/usr/bin/env bash
# install.sh BINARY PREFIX [NAME]: installs the command, its manual pages and its completions under PREFIX, as NAME (rdb).
# share/NAME/folders lists the folders that this made, outermost first: uninstall.sh removes those that are empty.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$1 prefix=$2 name=${3:-rdb}
case $name in
  "" | -* | *[!A-Za-z0-9_.-]*) echo "install: $name is no name for a command" >&2; exit 64 ;;
esac

# Folders above the prefix, as paths relative to it: `.` is the prefix itself, `..` its parent.
made=() up=. path=$prefix
while [ ! -d "$path" ]; do
  made=("$up" ${made[@]+"${made[@]}"})
  [ "$up" = . ] && up=.. || up=../$up
  path=$(dirname "$path")
done
mkdir -p "$prefix"
for folder in bin share/man/man1 share/bash-completion/completions share/zsh/site-functions \
  share/fish/vendor_completions.d "share/$name"; do
  part=
  for step in ${folder//\// }; do
    part=${part:+$part/}$step
    [ -d "$prefix/$part" ] && continue
    install -d "$prefix/$part"
    made+=("$part")
  done
done
# A second installation adds to the list of the first.
printf '%s\n' ${made[@]+"${made[@]}"} | sed '/^$/d' >> "$prefix/share/$name/folders"

install -m 755 -s "$binary" "$prefix/bin/$name"
# The scripts and pages that the command and its tools write are those of `rdb`.
completion() { "$prefix/bin/$name" --generate-completion-script "$1" | sed "$2"; }
completion bash "s/^\\(complete .* \\)rdb\$/\\1$name/" > "$prefix/share/bash-completion/completions/$name"
completion zsh "1s/^#compdef rdb\$/#compdef $name/" > "$prefix/share/zsh/site-functions/_$name"
completion fish "s/^complete -c 'rdb'/complete -c '$name'/; s/^complete -c rdb /complete -c $name /; s/^\\( *case\\) 'rdb'\$/\\1 '$name'/" \
  > "$prefix/share/fish/vendor_completions.d/$name.fish"
rm -f "$prefix"/share/man/man1/"$name".1 "$prefix"/share/man/man1/"$name".*.1
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
scripts/manual.sh "$prefix/bin/$name" "$pages"
for page in "$pages"/rdb*.1; do
  own=$name${page##*/rdb}
  sed "s/^\\(\\.Nm \\)rdb/\\1$name/; s/^\\(\\.Nm \"\\)rdb/\\1$name/; s/^\\(\\.Xr \\)rdb/\\1$name/" "$page" > "$prefix/share/man/man1/$own"
done
echo "installed $prefix/bin/$name ($("$prefix/bin/$name" --version)), man pages and completions for bash, zsh and fish"
