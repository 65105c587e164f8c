#!/usr/bin/env bash
# uninstall.sh PREFIX: removes what install.sh put under PREFIX, and the folders that it made, where they are empty.
set -euo pipefail
prefix=$1
list=$prefix/share/rdb/folders
folders=()
if [ -f "$list" ]; then
  # Innermost first.
  while IFS= read -r folder; do folders=("$folder" ${folders[@]+"${folders[@]}"}); done < "$list"
fi
rm -f "$prefix/bin/rdb" "$prefix"/share/man/man1/rdb.1 "$prefix"/share/man/man1/rdb.*.1 \
  "$prefix/share/bash-completion/completions/rdb" "$prefix/share/zsh/site-functions/_rdb" \
  "$prefix/share/fish/vendor_completions.d/rdb.fish" "$list"
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
echo "removed $prefix/bin/rdb, its man pages and completions"
