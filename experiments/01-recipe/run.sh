#!/bin/bash
# Ablation of the training recipe: every part on and off at equal minutes of the same machine.
#
#   experiments/01-recipe/run.sh [MINUTES]      default 5 a run; about 20 runs at 200k: 1.7 hours on a quiet machine
#
# Needs build/bitlaw, data/wiki8 and data/wiki-valid (data/fetch.sh). Rows go to results.csv as they come; a run whose row is there
# is not repeated. Validation: wiki-valid, first 1,000,000 bytes, weights as stored (bf16), continuous protocol.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
readonly minutes=${1:-5}
readonly here=experiments/01-recipe
readonly runs=data/.train/recipe
readonly results=$here/results.csv
readonly bitlaw=${BITLAW:-build/bitlaw}
mkdir -p "$runs"
[[ -s $results ]] || echo "name,minutes,seed,options,bytes_trained,bytes_per_second,validation_bits_per_byte" >"$results"

# run NAME SEED OPTIONS...: trains, measures, appends a row.
run() {
    local name=$1 seed=$2 out=$runs/$1-$2-$minutes
    shift 2
    grep -q "^$name,$minutes,$seed," "$results" && return
    "$bitlaw" train -q --data data/wiki8 --minutes "$minutes" --seed "$seed" --out "$out" -f "$@" || return
    local bits tokens seconds
    bits=$("$bitlaw" eval -q -m "$out" --data data/wiki-valid@:1M --json | sed -n 's/.*"bits_per_byte": *\([0-9.]*\).*/\1/p' | head -n 1)
    tokens=$(tail -n 1 "$out/metrics.csv" | cut -d, -f2)
    seconds=$(tail -n 1 "$out/metrics.csv" | cut -d, -f7)
    echo "$name,$minutes,$seed,$*,$tokens,$(awk -v t="$tokens" -v s="$seconds" 'BEGIN { printf "%.0f", t / s }'),$bits" | tee -a "$results"
}

readonly base=(--preset 200k)
for seed in 1 2 3; do
    run recipe $seed "${base[@]}"
    run without-taps $seed "${base[@]}" --taps 0
    run fp32-cache $seed "${base[@]}" --cache fp32
done
run adamw 1 "${base[@]}" --optimizer adamw
run adamw-half-rate 1 "${base[@]}" --optimizer adamw --lr 0.012
run bf16 1 "${base[@]}" --precision bf16
run taps-7 1 "${base[@]}" --taps 7
run no-decay 1 "${base[@]}" --decay 0
run decay-0.4 1 "${base[@]}" --decay 0.4
run batch-2048 1 "${base[@]}" --batch-tokens 2048
run batch-8192 1 "${base[@]}" --batch-tokens 8192
run context-256 1 "${base[@]}" --context 256
run context-1024 1 "${base[@]}" --context 1024
run window-512 1 "${base[@]}" --window 512
run kv-heads-2 1 "${base[@]}" --kv-heads 2
run heads-4 1 "${base[@]}" --heads 4 --kv-heads 2 --head-width 16
run layers-5 1 "${base[@]}" --layers 5 --hidden 192
run layers-6 1 "${base[@]}" --layers 6 --hidden 128
run layers-3 1 "${base[@]}" --layers 3 --hidden 384
run vanilla 1 --preset vanilla-200k --context 512
