#!/bin/sh
# Makes speech.wav anew: two sentences by espeak-ng (22050 Hz), resampled by sox to 16 kHz, mono, 16-bit PCM.
# Needs the programs espeak-ng and sox: apt-get install espeak-ng sox
set -eu

out="${1:-$(dirname "$0")/speech.wav}"
raw="$(mktemp)"
trap 'rm -f "$raw"' EXIT

espeak-ng -v en-gb -s 165 -w "$raw" \
  'A short filter slides along a long signal. Wherever the two agree, the picture grows bright.'

# -D: no dither, so that every run writes the same bytes. The gain leaves headroom for the resampling filter.
sox -D -t wav "$raw" -r 16000 -c 1 -b 16 "$out" gain -1
