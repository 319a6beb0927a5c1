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
# The third size of photographs and speech is not shipped: a minute or two of training each.
made_images "$(data/fetch.sh imagenet-sample)" train
made_speech "$(data/fetch.sh librispeech)" train
for kind in images speech; do
    [[ ! -f $work/$kind-50k/model.blm ]] || continue
    [[ $kind == images ]] && set_name=imagenet tokens=30M || set_name=libri tokens=26M
    "$bitlaw" train -q -T 1 -f --preset 50k --context 2048 --batch-tokens 4096 --lr 0.034 --matrix-lr 0.02 --tokens $tokens \
        --data "$sets/$set_name-train" --validation "$sets/$set_name-test@:500K" --validate-every 2000 --out "$work/$kind-50k"
done
# Second halves: the first are for choosing. Images and sound keep whole chunks of 2048 bytes.
half() { echo "$(($(stat -L -c %s "$1") / 4096 * 2048)):$(stat -L -c %s "$1")"; }
"$here/measure.py" "$bitlaw" "$work" "$here/context.csv" "text=$text@2500000:5000000:8192" \
    "images=$sets/imagenet-test@$(half "$sets/imagenet-test"):2048" "audio=$sets/libri-test@$(half "$sets/libri-test"):2048"
cd "$here" && gnuplot context.gp
