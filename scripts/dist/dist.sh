#!/usr/bin/env bash
# dist.sh FOLDER: builds the command so that it needs only glibc, and puts it into FOLDER with its man pages and
# completions: as swift-rdb-VERSION-linux-ARCH.tar.gz and, where dpkg-deb is installed, as a Debian package.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p "$1"
output=$(cd "$1" && pwd)
work=$PWD/.build/dist
[ "$(uname)" = Linux ] || { echo "dist: works on Linux only" >&2; exit 1; }

scripts/dist/static-libraries.sh "$work"
# The scratch folder is that of `make build`: only the linking differs. It happens anew, whatever was linked before.
rm -f .build/static/release/rdb
build=("${SWIFT:-swift}" build -c release --static-swift-stdlib --scratch-path .build/static)
for product in rdb generate-manual; do PKG_CONFIG_PATH=$work/pkgconfig "${build[@]}" --product "$product"; done
binary=.build/static/release/rdb
glibc=$(scripts/dist/check-libraries.sh "$binary")

version=$("$binary" --version)
name=swift-rdb-$version-linux-$(uname -m)
tree=$work/$name
rm -rf "$tree"
GENERATE_MANUAL=$PWD/.build/static/release/generate-manual scripts/install.sh "$binary" "$tree" >/dev/null
# Only an installation in place needs to know which folders it made.
rm -r "$tree/share/rdb"
mkdir -p "$tree/share/doc/rdb"
scripts/dist/licences.sh .build/static/checkouts >"$tree/share/doc/rdb/copyright"
cp CHANGELOG.md LICENSE "$tree/share/doc/rdb"

rm -f "$output"/swift-rdb*.tar.gz "$output"/swift-rdb*.deb "$output/SHA256SUMS"
# The same sources give the same archive.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" |
  gzip -9n >"$output/$name.tar.gz"
made=("$name.tar.gz")
if command -v dpkg-deb >/dev/null; then
  package=swift-rdb_$version-1_$(dpkg --print-architecture).deb
  scripts/dist/debian.sh "$tree" "$version" "${glibc#glibc }" "$output/$package"
  made+=("$package")
fi
echo "the binary has $(stat -c %s "$tree/bin/rdb") bytes, and needs $glibc and no other library"
(cd "$output" && sha256sum "${made[@]}" | tee SHA256SUMS && ls -l "${made[@]}")
