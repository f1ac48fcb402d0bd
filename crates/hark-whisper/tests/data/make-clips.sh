#!/bin/sh
# Makes the clips beside it: espeak-ng says home commands, sox makes 16 kHz of them.
# The clips are kept in the tree, so that tests need neither program; espeak-ng 1.51
# and sox 14.4.2 made those that are there.
set -eu
cd "$(dirname "$0")"

say() {
    espeak-ng -v "$2" -w "$1.raw.wav" "$3"
    sox -D "$1.raw.wav" -r 16000 -b 16 -c 1 "$1.wav"
    rm "$1.raw.wav"
    printf '%s.wav\t%s\t%s\n' "$1" "${2%%[+-]*}" "$3" >> clips.tsv
}

printf 'file\tlanguage\ttext\n' > clips.tsv
say flur-ein de+m3 "Schalte das Licht im Flur ein"
say kueche-aus de+f2 "Mach das Licht in der Küche aus"
say timer de+m7 "Stelle einen Timer auf fünf Minuten"
say kitchen-on en-gb+m3 "Turn on the light in the kitchen"
say bedroom-blinds en-us+f4 "Close the blinds in the bedroom"
