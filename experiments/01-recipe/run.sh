#!/bin/bash
# Ablation of the training recipe: every part on and off at equal minutes of one core.
#
#   experiments/01-recipe/run.sh [MINUTES]     default 5 a run and core: 26 runs, about 70 minutes of 2 quiet cores
#
# Needs build/bitlaw, data/wiki8 and data/wiki-valid (data/fetch.sh). Rows go to results.csv as they come; a run whose row is there
# is not repeated. Validation: wiki-valid, first 1,000,000 bytes, weights as stored (bf16), continuous protocol.
# From the environment: BITLAW (build/bitlaw), JOBS (runs at once, one thread each: the number of processors).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
readonly minutes=${1:-5}
export here=experiments/01-recipe runs=data/.train/recipe bitlaw=${BITLAW:-build/bitlaw} minutes
mkdir -p "$runs"
. "$here/measure.bash"
export results=$here/results.csv
[[ -s $results ]] || echo "name,minutes,seed,options,bytes_trained,bytes_per_second,validation_bits_per_byte" >"$results"

# run NAME SEED OPTIONS...: trains, measures, appends a row.
run() {
    local name=$1 seed=$2 out=$runs/$1-$2-$minutes
    shift 2
    if grep -q "^$name,$minutes,$seed," "$results"; then return; fi
    "$bitlaw" train -q -T 1 --data data/wiki8 --minutes "$minutes" --seed "$seed" --out "$out" -f "$@" || return
    local bits tokens seconds
    bits=$(measured "$out" data/wiki-valid@:1M) || return 255  # and no further runs
    tokens=$(tail -n 1 "$out/metrics.csv" | cut -d, -f2)
    seconds=$(tail -n 1 "$out/metrics.csv" | cut -d, -f7)
    echo "$name,$minutes,$seed,$*,$tokens,$(awk -v t="$tokens" -v s="$seconds" 'BEGIN { printf "%.0f", t / s }'),$bits" | tee -a "$results"
}
export -f run

# One run a line: name, seed, options.
{
    for seed in 1 2 3; do
        echo "recipe $seed"
        echo "without-taps $seed --taps 0"
        echo "fp32-cache $seed --cache fp32"
    done
    cat <<'END'
adamw 1 --optimizer adamw
adamw-half-rate 1 --optimizer adamw --lr 0.012
fp32 1 --precision fp32
taps-7 1 --taps 7
no-decay 1 --decay 0
decay-0.4 1 --decay 0.4
batch-2048 1 --batch-tokens 2048
batch-8192 1 --batch-tokens 8192
context-256 1 --context 256
context-1024 1 --context 1024
window-512 1 --context 1024 --window 512
kv-heads-2 1 --kv-heads 2
heads-4 1 --heads 4 --kv-heads 2 --head-width 16
layers-5 1 --layers 5 --hidden 192
layers-6 1 --layers 6 --hidden 128
layers-3 1 --layers 3 --hidden 384
END
} | sed 's/^\([^ ]* [0-9]*\)/\1 --preset 200k/; $a vanilla 1 --preset vanilla-200k --context 512' |
    xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'run {}'
