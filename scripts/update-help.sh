#!/bin/sh
# Writes what the tests expect of `rdb --help` and of every command's help, from the built command.
# Look at the difference before committing it.
set -eu
cd "$(dirname "$0")/.."
: "${RDB:=}"
[ -n "$RDB" ] || swift build --product rdb
rdb=${RDB:-$(swift build --show-bin-path)/rdb}
folder=Tests/RDBCommandTests/Expected
COLUMNS=80 "$rdb" --help | cat >"$folder/rdb.txt"
for command in resp json sql parquet rewrite merge split mask salvage migrate load fetch verify info check keys get index split-plan top-elements history memory bigkeys memkeys hotkeys idle prefix ttl stats analyze merge-reports report diff \
  bench gen; do
  COLUMNS=80 "$rdb" "$command" --help | cat >"$folder/$command.txt"
done
