#!/usr/bin/env bash
# Writes the reference's numbers and texts anew, with the packages of requirements.txt in
# an environment of their own outside the project (5.6 GB, for PyPI's torch brings CUDA).
# `run.sh [SHARED]`; a quarter of an hour on two cores.
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

here="$root/tests/reference"
shared=${1:-${HARK_SHARED:-$root/../shared}}
[ -d "$shared/models/whisper-base" ] ||
  die "no models/whisper-base in $shared: give the shared test data's directory, or set HARK_SHARED"
reference="$cache/venv-reference-$(sha256sum "$here/requirements.txt" | cut -c1-12)"
python_environment "$reference" "$here/requirements.txt"
export PYTHONDONTWRITEBYTECODE=1
data="$root/crates/hark-whisper/tests/data"
say "numbers of each step"
"$reference/bin/python" "$here/parity.py" "$shared" "$data/parity"
say "texts of all clips"
"$reference/bin/python" "$here/texts.py" "$shared" "$data/reference-base.tsv"
