#!/usr/bin/env bash
# Trains the models of images, of speech and of a mixture of text, images and speech that the table has rows of.
# Usage: experiments/02-paper-table/train.sh [NAME...]    (default: images-200k speech-200k images-800k speech-800k mixture-800k)
# Same bytes on every machine. Needs about an hour of 2 cores for all; a run that was stopped goes on. Results in checkpoints/NAME.blm.
# From the environment: BITLAW (build/bitlaw), TABLE_DATA (folder of the data sets, build/paper-table), RUNS (data/.train).
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
bitlaw=$(realpath -m "${BITLAW:-$root/build/bitlaw}")
sets=$(realpath -m "${TABLE_DATA:-$(dirname "$bitlaw")/paper-table}")
runs=$(realpath -m "${RUNS:-$root/data/.train}")

fail() {
    printf 'models of the table: %s\n' "$*" >&2
    exit 1
}
[[ -x $bitlaw ]] || fail "$bitlaw is not there; type: make"
mkdir -p "$sets" "$runs"
. "$root/experiments/02-paper-table/sets.bash"
images=$("$root/data/fetch.sh" imagenet-sample)
speech=$("$root/data/fetch.sh" librispeech)
for part in train test; do
    made_images "$images" "$part"
    made_speech "$speech" "$part"
done

# trained NAME OPTION...
trained() {
    local name=$1
    shift
    local out=$runs/$name resume=()
    [[ ! -f $out/state.bls ]] || resume=(--resume)
    "$bitlaw" train --out "$out" --context 2048 --batch-tokens 4096 --matrix-lr 0.02 "$@" "${resume[@]}"
    cp "$out/model.blm" "$root/checkpoints/$name.blm"
}
of_images=(--data "$sets/imagenet-train" --validation "$sets/imagenet-test")
of_speech=(--data "$sets/libri-train" --validation "$sets/libri-test")
(($# > 0)) || set -- images-200k speech-200k images-800k speech-800k mixture-800k
for name; do
    case $name in
        images-200k) trained "$name" --preset 200k --lr 0.024 --arithmetic fp32 --tokens 30M "${of_images[@]}" ;;
        speech-200k) trained "$name" --preset 200k --lr 0.024 --arithmetic fp32 --tokens 26M "${of_speech[@]}" ;;
        images-800k) trained "$name" --preset 800k --lr 0.016970562748477143 --arithmetic bf16 --tokens 20M "${of_images[@]}" ;;
        speech-800k) trained "$name" --preset 800k --lr 0.016970562748477143 --arithmetic bf16 --tokens 20M "${of_speech[@]}" ;;
        mixture-800k)
            text=$("$root/data/fetch.sh" wiki8)
            valid=$("$root/data/fetch.sh" wiki-valid)
            trained "$name" --preset 800k --lr 0.016970562748477143 --arithmetic bf16 --tokens 30M --validation "$valid" \
                --data "$text:0.34" "$sets/imagenet-train:0.33" "$sets/libri-train:0.33"
            ;;
        *) fail "there is no model $name; see the head of $0" ;;
    esac
done
