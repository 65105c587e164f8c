#!/usr/bin/env bash
# static-libraries.sh FOLDER: fills FOLDER/archives with the static archives of the C libraries and of the C++ runtime, and
# FOLDER/pkgconfig with descriptions that name this folder first. A build with
# PKG_CONFIG_PATH=FOLDER/pkgconfig then links these archives, because its linker finds no shared library beside them.
set -euo pipefail
mkdir -p "$1/archives" "$1/pkgconfig"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
compiler=${CC:-$(command -v clang || command -v cc)}
fail() { echo "static-libraries: $*" >&2; exit 1; }

# archive NAME FILE: takes the compiler's FILE as libNAME.a.
archive() {
  local found
  found=$("$compiler" -print-file-name="$2")
  [ -f "$found" ] || fail "there is no $2: install its development package"
  ln -sf "$(readlink -f "$found")" "$folder/archives/lib$1.a"
}
for name in z zstd lz4 pcre2-8 sqlite3; do archive "$name" "lib$name.a"; done
# The compiler's support library in its shared form is libgcc_s; the static one has the same functions.
archive gcc_s libgcc_eh.a

# The C++ runtime, with a function that only new versions of glibc have. An archive can name others for the linker.
compile() { # compile ARCHIVE FILE…
  local made=$1 objects=()
  shift
  for file in "$@"; do
    objects+=("$folder/archives/$(basename "$file" .c).o")
    "$compiler" -w -O3 -fPIC -I/usr/include/liblzf -I/usr/src/liblzf -c "$file" -o "${objects[-1]}"
  done
  rm -f "$folder/archives/$made"
  ar crD "$folder/archives/$made" "${objects[@]}"
  rm "${objects[@]}"
}
compile libarc4random.a scripts/dist/arc4random.c
archive stdc++-alone libstdc++.a
echo "INPUT(\"$folder/archives/libstdc++-alone.a\" \"$folder/archives/libarc4random.a\")" >"$folder/archives/libstdc++.a"

# Debian has no static archive of LibLZF, but its sources.
if [ -f /usr/src/liblzf/lzf_c.c ]; then
  compile liblzf.a /usr/src/liblzf/lzf_c.c /usr/src/liblzf/lzf_d.c
else
  archive lzf liblzf.a
fi

for pair in liblzf:lzf zlib:z libzstd:zstd liblz4:lz4 libpcre2-8:pcre2-8 sqlite3:sqlite3; do
  name=${pair%%:*} library=${pair#*:}
  # Without the new folder, so that a second run describes the system's library too.
  flags=$(PKG_CONFIG_PATH='' pkg-config --cflags "$name")
  version=$(PKG_CONFIG_PATH='' pkg-config --modversion "$name")
  printf 'Name: %s\nDescription: %s, linked statically\nVersion: %s\nCflags: %s\nLibs: -L%s -l%s\n' \
    "$name" "$name" "$version" "$flags" "$folder/archives" "$library" >"$folder/pkgconfig/$name.pc"
done
