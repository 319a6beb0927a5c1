#!/bin/bash
# Bits per byte by the length of the context: makes context.csv (goes on where it was stopped) and draws context.svg with gnuplot.
# Needs 7z, time, python3 with numpy, and data/fetch.sh's sets wiki-valid, imagenet-sample and librispeech. BITLAW names the tool.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
cd "$root"
bitlaw=$(realpath "${BITLAW:-build/bitlaw}")
sets=${TABLE_DATA:-build/paper-table}  # shared with experiments/02-paper-table
work=build/context
mkdir -p "$sets" "$work"
. experiments/02-paper-table/sets.bash
text=$(data/fetch.sh wiki-valid)
made_images "$(data/fetch.sh imagenet-sample)" test
made_speech "$(data/fetch.sh librispeech)" test
# Second halves: the first are for choosing. Images and sound keep whole chunks of 2048 bytes.
half() { echo "$(($(stat -L -c %s "$1") / 4096 * 2048)):$(stat -L -c %s "$1")"; }
"$here/measure.py" "$bitlaw" "$work" "$here/context.csv" "text=$text@2500000:5000000:8192" \
    "images=$sets/imagenet-test@$(half "$sets/imagenet-test"):2048" "audio=$sets/libri-test@$(half "$sets/libri-test"):2048"
cd "$here" && gnuplot context.gp
