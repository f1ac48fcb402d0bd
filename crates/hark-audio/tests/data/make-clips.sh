#!/usr/bin/env bash
# Makes the FLAC and Ogg Opus clips that the tests read: the same second of a tone of
# 440 Hz at half of full scale, left and right opposed in level. Debian's sox, flac and
# opus-tools; their output changes with their versions, so it is kept.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sox -n -r 44100 -b 16 -c 1 "$work/mono.wav" synth 1 sine 440 vol 0.5
sox -n -r 48000 -b 24 -c 2 "$work/stereo.wav" synth 1 sine 440 sine 440 vol 0.5 remix 1v1.2 2v0.8
flac --silent --force --best -o tone-44100-mono.flac "$work/mono.wav"
flac --silent --force --best -o tone-48000-stereo.flac "$work/stereo.wav"
opusenc --quiet --serial 1 --bitrate 16 --speech "$work/mono.wav" tone-mono.opus
opusenc --quiet --serial 2 --bitrate 64 "$work/stereo.wav" tone-stereo.opus
sox -n -r 16000 -b 16 -c 1 "$work/narrow.wav" synth 0.2 sine 440 vol 0.5
flac --silent --force --best --no-padding -o tiny.flac "$work/narrow.wav"
opusenc --quiet --serial 3 --bitrate 12 --padding 0 "$work/narrow.wav" tiny.opus
