#!/usr/bin/env bash
# check-install.sh [BINARY]: installs a built command (the one of the debug build) into a temporary folder, checks its
# manual pages, and checks that uninstalling removes all files and folders that it made, and no others.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${1:-$("${SWIFT:-swift}" build -c "${CONFIGURATION:-debug}" --show-bin-path)/rdb}
[ -x "$binary" ] || "${SWIFT:-swift}" build -c "${CONFIGURATION:-debug}" --product rdb
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "check-install: $*" >&2; exit 1; }

mkdir -p "$work/share/man"
prefix=$work/opt/rdb
scripts/install.sh "$binary" "$prefix" >/dev/null
scripts/install.sh "$binary" "$prefix" >/dev/null

pages=("$prefix"/share/man/man1/*.1)
[ ${#pages[@]} -ge 20 ] || fail "${#pages[@]} manual pages"
for page in "${pages[@]}"; do
  if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning "$page" || fail "mandoc warns about $(basename "$page")"
  fi
  if command -v groff >/dev/null; then
    said=$(groff -ww -mandoc -Tutf8 "$page" 2>&1 >/dev/null)
    [ -z "$said" ] || fail "groff warns about $(basename "$page"): $said"
  fi
done

left() { (cd "$work" && find . -mindepth 1 | sort | tr '\n' ' '); }
scripts/uninstall.sh "$prefix" >/dev/null
[ "$(left)" = "./share ./share/man " ] || fail "left: $(left)"

# A folder that has other files by now stays.
scripts/install.sh "$binary" "$prefix" >/dev/null
touch "$prefix/share/other"
scripts/uninstall.sh "$prefix" >/dev/null
[ "$(left)" = "./opt ./opt/rdb ./opt/rdb/share ./opt/rdb/share/other ./share ./share/man " ] || fail "left: $(left)"
# Under another name.
rm -r "$work/opt"
scripts/install.sh "$binary" "$prefix" swift-rdb >/dev/null
for file in bin/swift-rdb share/man/man1/swift-rdb.1 share/man/man1/swift-rdb.resp.1 share/zsh/site-functions/_swift-rdb \
  share/bash-completion/completions/swift-rdb share/fish/vendor_completions.d/swift-rdb.fish; do
  [ -s "$prefix/$file" ] || fail "no $file"
done
grep -q '^\.Nm swift-rdb' "$prefix/share/man/man1/swift-rdb.1" || fail "the page of swift-rdb has another name"
grep -q '^#compdef swift-rdb$' "$prefix/share/zsh/site-functions/_swift-rdb" || fail "zsh completes another command"
grep -q '^complete .* swift-rdb$' "$prefix/share/bash-completion/completions/swift-rdb" || fail "bash completes another command"
grep -q "^complete -c '*swift-rdb" "$prefix/share/fish/vendor_completions.d/swift-rdb.fish" || fail "fish completes another command"
scripts/uninstall.sh "$prefix" swift-rdb >/dev/null
[ "$(left)" = "./share ./share/man " ] || fail "left: $(left)"
echo "check-install: ${#pages[@]} manual pages without warnings, and nothing left after uninstalling"
