#!/usr/bin/env bash
# Every check that needs no GPU, one after the other, each with a time limit. All of
# them run even if one fails. The last line counts: `N passed, N failed, N skipped`;
# a test that could not run prints a line `not run: …`, which is shown and counted.
#
#   HARK_SHARED          test data that is not in the project (default ../shared, if there)
#   HARK_REQUIRE_SHARED  1: tests that need it fail without it
#   HARK_REQUIRE_ALL     1: anything skipped is a failure
#   HARK_COUNT_FILE      the count goes here instead of to the screen

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

passed=0 failed=0 skipped=0
logs=$(mktemp -d "${TMPDIR:-/tmp}/hark-test.XXXXXX")
child=
trap '[ -z "$child" ] || kill "$child"; exit 143' INT TERM

main() {
  cd "$root"
  "$root/scripts/setup.sh" test
  use_rust || die "no Rust toolchain; scripts/setup.sh test says why"
  export CARGO_TERM_COLOR=never
  export INSTA_UPDATE=no
  # An assertion says where it failed; a backtrace through a server is pages long.
  export RUST_BACKTRACE=0
  if [ -z "${HARK_SHARED:-}" ] && [ -d "$root/../shared" ]; then
    HARK_SHARED=$(cd "$root/../shared" && pwd)
    export HARK_SHARED
  fi

  check "formatting" 120 cargo fmt --all --check
  check "tidy" 900 cargo xtask tidy
  shell_scripts
  contract
  supply_chain
  lints
  oldest_rust
  RUSTDOCFLAGS="-D warnings" check "docs" 900 \
    cargo doc --locked --workspace --no-deps --document-private-items
  tests
  check "generic gRPC client" 600 tests/generic-client/run.sh "$python"
  finish
}

contract() {
  if [ ! -x "$buf" ]; then
    skip "proto lint and compatibility: buf is not installed"
    return
  fi
  check "proto lint" 60 "$buf" lint proto
  check "proto compatibility" 60 scripts/proto-baseline.sh check
}

shell_scripts() {
  if ! have shellcheck; then
    skip "shellcheck: it is not installed"
    return
  fi
  local scripts=()
  mapfile -t scripts < <(find .ci scripts tests load-tests k8s -name '*.sh' -not -path '*/node_modules/*')
  check "shellcheck" 60 shellcheck .ci/run "${scripts[@]}"
}

# Advisories are news from outside: where they can't be had the change at hand isn't to
# blame, and what can be known without them is checked.
supply_chain() {
  if [ ! -x "$supply/bin/cargo-deny" ] || [ ! -x "$supply/bin/cargo-audit" ]; then
    skip "licences, bans, sources and advisories: cargo-deny or cargo-audit is not installed"
    return
  fi
  check "licences, bans, sources" 120 scripts/supply-chain.sh crates
  check "advisories are found" 120 scripts/supply-chain.sh self-test
  if scripts/supply-chain.sh reachable; then
    check "advisories" 240 scripts/supply-chain.sh advisories
  else
    notice "advisories: RustSec's database can't be reached (HARK_ADVISORY_DB names a copy)"
    check "yanked crates" 120 scripts/supply-chain.sh yanked
  fi
}

# Cargo.toml promises that this Rust is enough. Where it is the one that runs all checks,
# they are the proof.
oldest_rust() {
  local toolchain version
  version=$(rust_version)
  case $version in
  "$rust_oldest" | "$rust_oldest".*) return 0 ;;
  esac
  toolchain=$(oldest_toolchain)
  if [ -z "$toolchain" ]; then
    notice "Rust $rust_oldest: it is not installed, and rustup can't have it"
    return
  fi
  check "Rust $rust_oldest" 1500 env RUSTUP_TOOLCHAIN="$toolchain" CARGO_TARGET_DIR=target/oldest \
    cargo check --locked --workspace
}

lints() {
  if ! cargo clippy --version >/dev/null 2>&1; then
    skip "clippy: this toolchain has none"
    return
  fi
  check "clippy" 1500 cargo clippy --locked --workspace --all-targets -- -D warnings
}

tests() {
  check "building the tests" 1500 cargo test --locked --workspace --no-run
  [ "$last" = ok ] || return 0
  run "tests" 1800 cargo test --locked --workspace --no-fail-fast -- --show-output
  count_tests "$log"
}

# run NAME SECONDS COMMAND…: runs it with its output in $log, and sets $last.
run() {
  local name=$1 limit=$2 began=$SECONDS status=0
  shift 2
  log="$logs/${name//[^a-zA-Z]/-}.log"
  printf '==> %s\n' "$name"
  # In the background, so that a signal to this script reaches it at once.
  timeout --kill-after=20 "$limit" "$@" >"$log" 2>&1 &
  child=$!
  wait "$child" || status=$?
  child=
  case $status in
  0) last=ok ;;
  124 | 137) last="stopped after $limit s" ;;
  *) last="exit status $status" ;;
  esac
  if [ "$last" != ok ]; then
    grep -E 'has been running for over|^test .* FAILED$' "$log" || true
    grep -A 8 -E "^thread '.*panicked at" "$log" | head -n 200 || true
    tail -n 60 "$log"
  fi
  grep -E '^(warning: |tidy: )' "$log" | sort -u || true
  printf '    %s: %s (%d s)\n' "$name" "$last" $((SECONDS - began))
}

# check NAME SECONDS COMMAND…: that, counted as one.
check() {
  run "$@"
  if [ "$last" = ok ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

skip() {
  printf 'not run: %s\n' "$*"
  skipped=$((skipped + 1))
}

# What this machine can't know and no change can mend: said, and not counted.
notice() { printf 'notice: not checked: %s\n' "$*"; }

# Adds up what cargo's test programs say. A test that says `not run:` has not passed.
count_tests() {
  local ok bad ignored not_run
  read -r ok bad ignored < <(awk '
    /^test result:/ { ok += $4; bad += $6; ignored += $8 }
    END { print ok + 0, bad + 0, ignored + 0 }' "$1")
  grep -E '^not run: ' "$1" || true
  not_run=$(grep -cE '^not run: ' "$1" || true)
  if [ "$last" != ok ] && [ "$bad" = 0 ]; then bad=1; fi
  passed=$((passed + ok - not_run))
  failed=$((failed + bad))
  skipped=$((skipped + ignored + not_run))
}

finish() {
  [ "$failed" = 0 ] || printf 'full output: %s\n' "$logs"
  [ "$failed" = 0 ] && rm -rf "$logs"
  local count="$passed passed, $failed failed, $skipped skipped"
  if [ -n "${HARK_COUNT_FILE:-}" ]; then
    echo "$count" >"$HARK_COUNT_FILE"
  else
    echo "$count"
  fi
  [ "$failed" = 0 ] || exit 1
  [ "$skipped" = 0 ] || [ "${HARK_REQUIRE_ALL:-}" != 1 ] || exit 1
}

main "$@"
