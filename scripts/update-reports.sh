#!/bin/sh
# Writes what the tests expect of the reports on keys, from the built command (or RDB=…). Look at the
# difference before committing it.
set -eu
cd "$(dirname "$0")/.."
rdb=${RDB:-$(swift build --show-bin-path)/rdb}
folder=Tests/RDBCommandTests/Expected/reports
mkdir -p "$folder"
sed -n 's/^ *\("[a-z-]*": "rdb .*\)$/\1/p' Tests/RDBCommandTests/Reports/ReportOutputTests.swift |
  grep -o '"[a-z-]*": "[^"]*"' | sed 's/"\([a-z-]*\)": "rdb \([^"]*\)"/\1 \2/' |
  while read -r name line; do
    for fixture in redis-2.4.18/all redis-6.2.16/sessions redis-7.2.6/rich valkey-9.1.2/all; do
      mkdir -p "$folder/${fixture%/*}"
      # shellcheck disable=SC2086
      COLUMNS=80 "$rdb" $line "Fixtures/$fixture.rdb" >"$folder/$fixture.$name.txt" </dev/null
    done
  done
