#!/usr/bin/env bash
# check-bare-root.sh PACKAGE: installs the Debian package into a Debian that has only what each one has, made by
# debootstrap, and runs the command there. Skipped, with a message, where such a root cannot be made.
set -euo pipefail
cd "$(dirname "$0")/../.."
package=$1
skip() { echo "check-bare-root: skipped: $*"; exit 0; }
fail() { echo "check-bare-root: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || skip "only root can make and enter another root folder"
command -v debootstrap >/dev/null || skip "debootstrap is not installed"
# What is mounted below disappears with the namespace.
if [ -z "${BARE_ROOT_NAMESPACE:-}" ]; then
  unshare --mount true 2>/dev/null || skip "this machine allows no namespace for mounts"
  BARE_ROOT_NAMESPACE=1 exec unshare --mount "scripts/dist/$(basename "$0")" "$(realpath "$package")"
fi

# It takes a minute or two to make, and is kept.
root=$PWD/.build/dist/bare-root
if [ ! -d "$root" ]; then
  mkdir -p "$(dirname "$root")"
  rm -rf "$root.new"
  if ! debootstrap --variant=minbase bookworm "$root.new" >"$root.log" 2>&1; then
    tail -5 "$root.log" >&2
    skip "debootstrap could not make a root, for example without a network"
  fi
  mv "$root.new" "$root"
fi
trap 'chroot "$root" dpkg --purge swift-rdb >/dev/null 2>&1 || true; rm -rf "$root/trial"' EXIT
mkdir -p "$root/trial"
chmod 777 "$root/trial"
mount -t proc proc "$root/proc"
cp "$package" "$root/trial/swift-rdb.deb"
cp Fixtures/redis-7.0.15/all.rdb "$root/trial"
chroot "$root" dpkg -i /trial/swift-rdb.deb >/dev/null

inside() { chroot --userspec=65534:65534 "$root" "$@"; }
version=$(inside rdb --version) || fail "rdb --version ended with exit code $?"
keys=$(inside rdb json /trial/all.rdb --lines 2>/dev/null | wc -l)
[ "$keys" -gt 50 ] || fail "$keys keys were read from a snapshot"
inside sh -c 'gzip -c /trial/all.rdb | rdb rewrite - --target 7.0 -o /trial/copy.rdb && rdb diff /trial/all.rdb /trial/copy.rdb' \
  >/dev/null 2>&1 || fail "a compressed snapshot was not rewritten as it was"
# Nothing listens to port 1, whether TLS is used or not.
for address in redis://127.0.0.1:1 "rediss://127.0.0.1:1 --insecure"; do
  code=0
  said=$(inside rdb fetch -u $address --retries 0 -o /trial/fetched.rdb 2>&1) || code=$?
  [ "$code" = 69 ] && grep -q 'connection refused' <<<"$said" || fail "$address: exit code $code: $said"
done
echo "check-bare-root: rdb $version runs on a bare Debian $(cat "$root/etc/debian_version")"
