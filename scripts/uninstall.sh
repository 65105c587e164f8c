#!/usr/bin/env bash
# uninstall.sh PREFIX [NAME]: removes what install.sh put under PREFIX as NAME (rdb), and the folders that it made, where they are empty.
set -euo pipefail
prefix=$1 name=${2:-rdb}
list=$prefix/share/$name/folders
folders=()
if [ -f "$list" ]; then
  # Innermost first.
  while IFS= read -r folder; do folders=("$folder" ${folders[@]+"${folders[@]}"}); done < "$list"
fi
rm -f "$prefix/bin/$name" "$prefix"/share/man/man1/"$name".1 "$prefix"/share/man/man1/"$name".*.1 \
  "$prefix/share/bash-completion/completions/$name" "$prefix/share/zsh/site-functions/_$name" \
  "$prefix/share/fish/vendor_completions.d/$name.fish" "$list"
for folder in ${folders[@]+"${folders[@]}"}; do
  case $folder in
  . | .. | ../*)
    path=$prefix
    while [ "$folder" != . ]; do
      path=$(dirname "$path")
      [ "$folder" = .. ] && folder=. || folder=${folder#../}
    done
    ;;
  *) path=$prefix/$folder ;;
  esac
  rmdir "$path" 2>/dev/null || true
done
echo "removed $prefix/bin/$name, its man pages and completions"
