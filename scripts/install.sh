#!/usr/bin/env bash
# Installs what `make install` promises: programs, the bundled models, manual pages,
# completions and units, under PREFIX. Installing again replaces what was there.
#
#   PREFIX         where to (default /usr/local)
#   DESTDIR        a root to put it under, for packages (default none)
#   HARK_PROGRAMS  a folder with programs that are built already (default: build them)

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

prefix=${PREFIX:-/usr/local}
to="${DESTDIR:-}$prefix"

main() {
  cd "$root"
  [[ $prefix == /* ]] || die "PREFIX must be an absolute path, and is $prefix"
  local programs=${HARK_PROGRAMS:-}
  if [ -z "$programs" ]; then
    build
    programs=$root/target/release
  fi
  say "installing to $to"
  programs "$programs"
  models
  papers "$programs/hark"
  units
  say "done; next: hark doctor"
}

build() {
  "$root/scripts/setup.sh" build
  use_rust || die "no Rust toolchain; scripts/setup.sh build says why"
  say "building Hark with Rust $(rust_version) (minutes the first time)"
  cargo build --locked --release -p hark -p hark-ingest -p hark-inference -p hark-router
}

programs() {
  [ -x "$1/hark" ] || die "there is no program hark in $1"
  local name
  for name in hark hark-ingest hark-inference hark-router; do
    [ ! -x "$1/$name" ] || install -D -m 755 "$1/$name" "$to/bin/$name"
  done
}

models() {
  local card folder file
  for card in "$root"/models/*/card.toml; do
    folder=$(dirname "$card")
    for file in "$folder"/*; do
      [ ! -f "$file" ] ||
        install -D -m 644 "$file" "$to/share/hark/models/$(basename "$folder")/$(basename "$file")"
    done
  done
}

papers() {
  local hark=$1
  "$hark" man --out "$to/share/man/man1"
  completion bash "$to/share/bash-completion/completions/hark"
  completion zsh "$to/share/zsh/site-functions/_hark"
  completion fish "$to/share/fish/vendor_completions.d/hark.fish"
}

completion() {
  mkdir -p "$(dirname "$2")"
  "$hark" completions "$1" >"$2"
}

# The units name the programs where this puts them.
units() {
  local unit name
  for unit in "$root"/systemd/*.service; do
    name=$(basename "$unit")
    mkdir -p "$to/lib/systemd/system"
    sed "s|/usr/local/bin/|$prefix/bin/|" "$unit" >"$to/lib/systemd/system/$name"
    chmod 644 "$to/lib/systemd/system/$name"
  done
}

main "$@"
