#!/usr/bin/env bash
# debian.sh TREE VERSION GLIBC OUTPUT: makes a Debian package of TREE, an installation with bin and share.
# GLIBC is the version of glibc that the binary needs. DEBFULLNAME and DEBEMAIL name the maintainer, else git's user.
set -euo pipefail
tree=$1 version=$2 glibc=$3 output=$4
person=${DEBFULLNAME:-$(git config user.name || id -un)}
maintainer="$person <${DEBEMAIL:-$(git config user.email || echo "$(id -un)@$(uname -n)")}>"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
doc=$root/usr/share/doc/swift-rdb
mkdir -p "$root/usr" "$root/DEBIAN"
cp -R "$tree/bin" "$tree/share" "$root/usr"
mkdir -p "$root/usr/share/zsh/vendor-completions" "$root/usr/share/lintian/overrides"
mv "$root/usr/share/zsh/site-functions/_rdb" "$root/usr/share/zsh/vendor-completions"
rmdir "$root/usr/share/zsh/site-functions"
gzip -9n "$root"/usr/share/man/man1/*.1
# A file that shells read in needs no interpreter.
sed -i '1{/^#!/d}' "$root/usr/share/bash-completion/completions/rdb"

mkdir -p "$doc"
mv "$root/usr/share/doc/rdb/copyright" "$doc/copyright"
gzip -9nc "$root/usr/share/doc/rdb/CHANGELOG.md" >"$doc/changelog.gz"
rm -r "$root/usr/share/doc/rdb"
date=$(date -R -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}")
printf 'swift-rdb (%s-1) unstable; urgency=medium\n\n  * Release %s: changelog.gz says what is new.\n\n -- %s  %s\n' \
  "$version" "$version" "$maintainer" "$date" | gzip -9nc >"$doc/changelog.Debian.gz"
cat >"$root/usr/share/lintian/overrides/swift-rdb" <<'TEXT'
# The binary runs where no library is installed, as in a container: it brings its libraries along.
swift-rdb: embedded-library *
# The package is made by the project, outside of Debian.
swift-rdb: initial-upload-closes-no-bugs *
TEXT

chmod -R u=rwX,go=rX "$root"
size=$(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
cat >"$root/DEBIAN/control" <<TEXT
Package: swift-rdb
Version: $version-1
Architecture: $(dpkg --print-architecture)
Maintainer: $maintainer
Installed-Size: $size
Depends: libc6 (>= $glibc)
Recommends: ca-certificates
Section: database
Priority: optional
Description: read, convert and move the data of Redis and Valkey
 The command rdb reads the snapshots and append-only files of Redis and Valkey
 without a server. It shows and checks their keys, converts them to commands,
 to JSON and to snapshots for other releases, and measures their memory.
 .
 It also moves the data into running servers, standalone or watched by
 sentinels, and compares each key afterwards.
TEXT
chmod 644 "$root/DEBIAN/control" "$root/DEBIAN/md5sums"
find "$root" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" {} +
dpkg-deb --root-owner-group --build "$root" "$output" >/dev/null
