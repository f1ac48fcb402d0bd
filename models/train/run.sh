#!/usr/bin/env bash
# Trains hark-home and hark-nano anew: `run.sh [home|nano|all] [SHARED]`. Seeded, and an
# interrupted run goes on where it was; logs and all that is made are in
# ~/.cache/hark/train. On two cores that do nothing else: home an hour, nano another.
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

here="$root/models/train"
what=${1:-all}
shared=${2:-${HARK_SHARED:-$root/../shared}}
data="$cache/train"
case $what in home | nano | all) ;; *) die "train what? $what is none of home, nano, all" ;; esac
[ -d "$shared/models/whisper-base" ] ||
  die "no models/whisper-base in $shared: give the shared test data's directory, or set HARK_SHARED"

for program in espeak-ng mbrola pico2wave flite RHVoice-test sox ffmpeg fortune:/usr/share/games/fortunes/de; do
  path=${program#*:}
  have "$path" || [ -e "$path" ] || die "no ${program%%:*}: with Debian's contrib and non-free components, as root:
  apt-get install espeak-ng mbrola mbrola-de{1..7} mbrola-en1 mbrola-us{1..3} libttspico-utils flite \\
    rhvoice rhvoice-english sox ffmpeg fortunes fortunes-de"
done

reference="$cache/venv-train-$(cat "$root/tests/reference/requirements.txt" "$here/requirements.txt" | sha256sum | cut -c1-12)"
python_environment "$reference" "$root/tests/reference/requirements.txt" "$here/requirements.txt"
export PYTHONDONTWRITEBYTECODE=1
mkdir -p "$data"
run() {
  local log="$data/$1.log"
  shift
  say "$* (log: $log)"
  "$reference/bin/python" "$@" 2>&1 | tee "$log"
}
half=()
grep -q avx512_bf16 /proc/cpuinfo && half=(--bf16)

run speak "$here/speak.py" --out "$data/clips" --home 5200 2900 --others 1000 800
run judge "$here/speak.py" --out "$data/judge" --judge --home 300 300 --others 0 0 --seed 7
if [ "$what" != nano ]; then
  run encode "$here/home.py" encode --data "$data" --shared "$shared" "${half[@]}"
  run tune "$here/home.py" tune --data "$data" --shared "$shared" "${half[@]}"
  run choose "$here/home.py" choose --data "$data" --shared "$shared"
  say "now choose a step and a share of $data/choose.log, and: home.py export --step STEP --share SHARE --out DIR;
    hark model quantize DIR models/hark-home --type q5_1"
fi
if [ "$what" != home ]; then
  run more "$here/speak.py" --out "$data/more" --espeak 0.7 --home 5600 4200 --others 0 0 --seed 99
  run judge-reserved "$here/speak.py" --out "$data/judge-reserved" --judge --reserved --home 300 300 --others 0 0 --seed 8
  start="$root/models/hark-nano/$(sed -n 's/^file = "\(.*\)"/\1/p' "$root/models/hark-nano/card.toml")"
  run nano "$here/nano.py" tune --data "$data" --start "$start" "${half[@]}"
  run nano-judge "$here/nano.py" judge --data "$data" --start "$start" --clips judge-reserved
fi
