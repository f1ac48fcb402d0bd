# Shared by the scripts beside it: where things are, how to say what happens, and
# which Rust toolchain to use. Sourced, never run.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/hark"

buf_version=1.75.0
buf="$cache/buf-$buf_version/node_modules/.bin/buf"

requirements="$root/tests/generic-client/requirements.txt"
venv="$cache/venv-$(sha256sum "$requirements" | cut -c1-12)"
python="$venv/bin/python"

supply_requirements="$root/tests/supply-chain/requirements.txt"
supply="$cache/supply-$(sha256sum "$supply_requirements" | cut -c1-12)"

etcd_version=$(sed -n 's|^require go.etcd.io/etcd/server/v3 v||p' "$root/tests/etcd/go.mod")
etcd="$cache/etcd-$etcd_version/etcd"

rust_pinned=$(sed -n 's/^channel = "\(.*\)"/\1/p' "$root/rust-toolchain.toml")
rust_oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")

# Makes a Python environment of its own in $1, with these files of requirements, once.
python_environment() {
  local place=$1 file arguments=()
  shift
  [ -f "$place/ready" ] && return 0
  for file in "$@"; do arguments+=(-r "$file"); done
  say "installing Python packages into $place"
  python3 -m venv --clear "$place"
  "$place/bin/python" -m pip install --quiet --disable-pip-version-check "${arguments[@]}"
  touch "$place/ready"
}

say() { printf '==> %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Whether version $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# The version of the toolchain that `rustc` would run here; nothing if it runs none.
rust_version() {
  { (cd "$root" && RUSTUP_AUTO_INSTALL=0 rustc --version 2>/dev/null) || true; } |
    sed -n 's/^rustc \([0-9.]*\).*/\1/p'
}

# Makes `cargo` mean a toolchain that is new enough. The pinned one where it is
# installed; else, without any download, another one that the machine has.
use_rust() {
  PATH="$HOME/.cargo/bin:$PATH"
  export PATH
  local version
  version=$(rust_version)
  if [ -n "$version" ] && at_least "$version" "$rust_oldest"; then
    return 0
  fi
  have rustup || return 1
  local name
  for name in $(rustup toolchain list 2>/dev/null | awk '{print $1}'); do
    version=$(RUSTUP_TOOLCHAIN="$name" rust_version)
    if [ -n "$version" ] && at_least "$version" "$rust_oldest"; then
      export RUSTUP_TOOLCHAIN="$name"
      return 0
    fi
  done
  return 1
}

# An installed toolchain that is the oldest one that has to do; nothing if there is none.
oldest_toolchain() {
  have rustup || return 0
  local name
  for name in $(rustup toolchain list 2>/dev/null | awk '{print $1}'); do
    case $name in
    "$rust_oldest" | "$rust_oldest"[.-]*)
      echo "$name"
      return 0
      ;;
    esac
  done
}
