#!/usr/bin/env bash
# Makes the recordings of `hark demo`: synthetic voices (espeak-ng), 16 kHz mono (sox).
# They are checked in; run this only to change them, then run the tests of this crate.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# clip NAME VOICE WORDS-A-MINUTE SENTENCE
clip() {
  espeak-ng -v "$2" -s "$3" -w "$raw" "$4"
  # -R: the same dither each time, so that the files only change when the voices do.
  sox -R "$raw" -r 16000 -b 16 -c 1 "$1.wav"
}

raw=$(mktemp --suffix=.wav)
trap 'rm -f "$raw"' EXIT

clip en-kitchen-on en-gb 150 "Turn on the light in the kitchen"
clip de-living-room-30 de 150 "Stelle das Licht im Wohnzimmer auf dreißig Prozent"
clip en-hallway-on en-gb 150 "Turn on the light in the hallway"
clip de-hallway-off de 150 "Schalte das Licht im Flur aus"
clip en-timer en-gb 150 "Set a timer for five minutes"
clip en-unlock en-gb 150 "Unlock the front door"
clip de-cellar de 150 "Schalte das Licht im Keller ein"
clip de-hallway-on de 150 "Schalte das Licht im Flur ein"
