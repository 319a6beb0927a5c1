#!/bin/bash
# Text, image rows and sound continued by networks, mixed contexts and compressors: makes continued/, samples.csv and the pictures; what continued/ has is not drawn again.
# Needs 7z, python3 with numpy, and data/fetch.sh's sets wiki-valid, imagenet-sample and librispeech. BITLAW names the tool.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
cd "$here/../.."
bitlaw=$(realpath "${BITLAW:-build/bitlaw}")
sets=${TABLE_DATA:-build/paper-table}  # shared with experiments/02-paper-table
out=$here/continued
mkdir -p "$sets" "$out"
. experiments/02-paper-table/sets.bash
wiki=$(data/fetch.sh wiki-valid)
made_images "$(data/fetch.sh imagenet-sample)" test
made_speech "$(data/fetch.sh librispeech)" test

# prompt DATA FILE BEGIN BYTES MORE: what is read first, and what really follows.
prompt() {
    dd status=none iflag=skip_bytes,count_bytes if="$2" skip="$3" count="$4" of="$out/$1.prompt"
    dd status=none iflag=skip_bytes,count_bytes if="$2" skip=$(($3 + $4)) count="$5" of="$out/$1.truth"
}
prompt text "$wiki" 3000000 1500 304
prompt image "$sets/imagenet-test" $((2048 * 1520)) 1024 512  # the upper 16 rows of a patch, and 8 more
prompt audio "$sets/libri-test" $((2048 * 1290)) 1024 1024     # 64 ms, and 64 ms more

# draw DATA NAME OPTION...
draw() {
    local data=$1 name=$2
    shift 2
    [[ -s $out/$data.$name ]] && return
    "$bitlaw" sample -T1 --seed 1 --prompt-file "$out/$data.prompt" --bytes "$(stat -c %s "$out/$data.truth")" "$@" >"$out/new"
    mv "$out/new" "$out/$data.$name"
}
for data in image text audio; do
    case $data in
        text) networks=(200k 3.2m) far=16 near="8 1" ;;
        image) networks=(images-200k images-800k) far=32 near=1 ;;  # half a row
        audio) networks=(speech-200k speech-800k) far=64 near= ;;       # 4 ms
    esac
    for model in "${networks[@]}"; do
        draw $data "$model" -m "checkpoints/$model.blm"
    done
    draw $data contexts -m none
    for compressor in gzip ppmd xz; do
        draw $data $compressor-$far --compressor $compressor --look-ahead $far
    done
    for bytes in $near; do
        draw $data "gzip-$bytes" --compressor gzip --look-ahead "$bytes"
    done
done
"$here/render.py" "$bitlaw" "$here"
cd "$here" && gnuplot audio.gp
