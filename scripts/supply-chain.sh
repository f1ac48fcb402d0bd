#!/usr/bin/env bash
# What may come in from outside, and what is known against what did.
#
#   scripts/supply-chain.sh crates       licences, banned crates and sources (deny.toml)
#   scripts/supply-chain.sh reachable    whether the advisories can be had
#   scripts/supply-chain.sh advisories   RustSec's advisories, and crates that were yanked
#   scripts/supply-chain.sh yanked       yanked crates alone
#   scripts/supply-chain.sh self-test    finds a flaw that is made up
#
#   HARK_ADVISORY_DB   where the advisories are: a git address or a folder that is a clone
#                      (default RustSec's own)

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

deny="$supply/bin/cargo-deny"
audit="$supply/bin/cargo-audit"
upstream=https://github.com/RustSec/advisory-db
from="${HARK_ADVISORY_DB:-$upstream}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

main() {
  cd "$root"
  use_rust || die "no Rust toolchain; scripts/setup.sh test says why"
  if [ ! -x "$deny" ] || [ ! -x "$audit" ]; then
    die "cargo-deny and cargo-audit are not installed; run scripts/setup.sh test"
  fi
  case "${1:-}" in
  crates) "$deny" --locked check --hide-inclusion-graph bans licenses sources ;;
  reachable)
    GIT_TERMINAL_PROMPT=0 timeout 20 git ls-remote --exit-code "$from" HEAD >/dev/null 2>&1
    ;;
  advisories)
    fetch
    against "$work/db"
    ;;
  yanked)
    database no-such-crate
    with_deny "$work/db"
    ;;
  self-test) self_test ;;
  *) die "usage: scripts/supply-chain.sh crates|reachable|advisories|yanked|self-test" ;;
  esac
}

# The advisories as they are now. Both tools use this one copy.
fetch() {
  say "fetching advisories from $from"
  GIT_TERMINAL_PROMPT=0 timeout 60 git clone --quiet --depth 1 "$from" "$work/db" ||
    die "no advisories from $from"
  git -C "$work/db" checkout --quiet -B main
}

# against DATABASE: both tools; fails if either finds something.
against() {
  local status=0
  with_audit "$1" || status=1
  with_deny "$1" || status=1
  return $status
}

with_audit() { "$audit" audit --no-fetch --db "$1"; }

# cargo-deny has no way to name a folder: git takes the folder where it asks for RustSec's.
with_deny() {
  sed "s|^\[advisories\]|&\ndb-path = \"$work/deny\"\ngit-fetch-with-cli = true|" \
    deny.toml >"$work/deny.toml"
  GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$1.insteadOf" GIT_CONFIG_VALUE_0="$upstream" \
    "$deny" --locked --config "$work/deny.toml" check --hide-inclusion-graph advisories
}

# database CRATE: one with a made-up advisory against that crate, and no other.
database() {
  rm -rf "$work/db" "$work/deny"
  mkdir -p "$work/db/crates/$1"
  sed "s/CRATE/$1/" tests/supply-chain/RUSTSEC-2026-9999.md \
    >"$work/db/crates/$1/RUSTSEC-2026-9999.md"
  git -C "$work/db" init --quiet
  git -C "$work/db" add .
  git -C "$work/db" -c user.name=hark -c user.email=hark@localhost commit --quiet -m advisories
  git -C "$work/db" checkout --quiet -B main
}

# A check that can't fail is none: a flaw that is made up must be found, by both.
self_test() {
  database tokio
  local tool out
  for tool in with_audit with_deny; do
    if out=$("$tool" "$work/db" 2>&1); then
      die "$tool passed although there is an advisory against tokio: $out"
    fi
    grep -q RUSTSEC-2026-9999 <<<"$out" || die "$tool failed for another reason: $out"
  done
  say "cargo-audit and cargo-deny both found the advisory that is made up"
}

main "$@"
