#!/usr/bin/env bash
# Keeps the contract compatible. proto/baseline.binpb is the contract as last accepted;
# a change that would break a program that was built against it is refused.
#
#   scripts/proto-baseline.sh check    compatible, and the baseline is up to date
#   scripts/proto-baseline.sh accept   compatible: then make it the baseline
#
# HARK_BREAK_CONTRACT=1 accepts a break. After the first release that needs a new
# package (hark.v2).

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

baseline="$root/proto/baseline.binpb"
current=$(mktemp --suffix=.binpb)
trap 'rm -f "$current"' EXIT

[ -x "$buf" ] || die "buf is not installed; run scripts/setup.sh test"
"$buf" build "$root/proto" --exclude-source-info -o "$current"
if [ "${HARK_BREAK_CONTRACT:-}" != 1 ] && [ -f "$baseline" ]; then
  "$buf" breaking "$root/proto" --against "$baseline" ||
    die "the change breaks programs built against the contract: add fields or methods, reserve what goes"
fi

case "${1:-}" in
check)
  cmp -s "$current" "$baseline" ||
    die "the contract has grown: run 'make proto-baseline' and commit proto/baseline.binpb with it"
  say "compatible with proto/baseline.binpb"
  ;;
accept)
  cp "$current" "$baseline"
  chmod 644 "$baseline"
  say "proto/baseline.binpb is the contract now"
  ;;
*) die "usage: scripts/proto-baseline.sh check|accept" ;;
esac
