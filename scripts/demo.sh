#!/usr/bin/env bash
# From a fresh machine to the lamp in the hallway being on: installs what is missing,
# builds the program, and runs its demo.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$root"
"$root/scripts/setup.sh" build
use_rust || die "no Rust toolchain; scripts/setup.sh build says why"
say "building hark with Rust $(rust_version) (minutes the first time)"
cargo build --locked --release -p hark
say "running the demo"
exec cargo run --locked --release --quiet -p hark -- demo "$@"
