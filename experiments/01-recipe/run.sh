#!/bin/bash
# Ablation of the training recipe: every part on and off at equal minutes of one core, at 200k; what decides most, also at 800k and 3.2m.
#
#   experiments/01-recipe/run.sh [MINUTES]     default 5 a run: 34 runs, about 3 hours of one core
#
# Minutes are counted at the speed of a core that does nothing else: first the speeds of all variants are measured in turns (speeds.csv,
# 5 rounds), then each run gets the bytes that its median speed reads in MINUTES, so that what else the machine does
# changes no result. Rows go to results.csv as they come; a run whose row is there is not repeated. Held out: wiki-valid, first 1,000,000 bytes.
# Needs build/bitlaw, data/wiki8 and data/wiki-valid (data/fetch.sh).
# From the environment: BITLAW (build/bitlaw), JOBS (runs at once, one thread each: the number of processors).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
readonly minutes=${1:-5} rounds=5
export here=experiments/01-recipe runs=data/.train/recipe bitlaw=${BITLAW:-build/bitlaw} minutes
mkdir -p "$runs"
. "$here/measure.bash"
export results=$here/results.csv speeds=$here/speeds.csv
[[ -s $speeds ]] || echo "preset,name,round,bytes_per_second" >"$speeds"
[[ -s $results ]] || echo "preset,name,minutes,seed,options,bytes_trained,bytes_per_second,held_out_bits_per_byte" >"$results"

# run PRESET NAME SEED OPTIONS...: trains, measures, appends a row.
run() {
    local key=$1,$2,$minutes,$3 out=$runs/$1-$2-$3-$minutes preset=$1 seed=$3 bits bytes speed
    if grep -q "^$key," "$results"; then return; fi
    speed=$(grep "^$1,$2," "$speeds" | cut -d, -f4 | median)
    bytes=$(awk -v s="$speed" -v m="$minutes" 'BEGIN { printf "%.0f", 60 * m * s }')
    shift 3
    "$bitlaw" train -q -T 1 --preset "$preset" --data data/wiki8 --tokens "$bytes" --seed "$seed" --out "$out" -f "$@" || return
    bits=$(measured "$out" data/wiki-valid@:1M) || return 255  # and no further runs
    rm -rf "$out"
    echo "$key,$*,$bytes,$speed,$bits" | tee -a "$results"
}
export -f run

# One run a line: preset, name, seed, options.
plan() {
    for seed in 1 2 3; do
        echo "200k recipe $seed"
        echo "200k without-taps $seed --taps 0"
        echo "200k fp32-cache $seed --cache fp32"
    done
    cat <<'END'
200k adamw-0.012 1 --optimizer adamw --lr 0.012
200k adamw-0.006 1 --optimizer adamw --lr 0.006
200k adamw-0.003 1 --optimizer adamw --lr 0.003
200k fp32 1 --precision fp32
200k taps-7 1 --taps 7
200k no-decay 1 --decay 0
200k decay-0.4 1 --decay 0.4
200k batch-2048 1 --batch-tokens 2048
200k batch-8192 1 --batch-tokens 8192
200k context-256 1 --context 256
200k context-1024 1 --context 1024
200k window-512 1 --context 1024 --window 512
200k kv-heads-2 1 --kv-heads 2
200k heads-4 1 --heads 4 --kv-heads 2 --head-width 16
200k layers-5 1 --layers 5 --hidden 192
200k layers-6 1 --layers 6 --hidden 128
200k layers-3 1 --layers 3 --hidden 384
vanilla-200k vanilla 1 --context 512
800k recipe 1
800k without-taps 1 --taps 0
800k adamw-0.004 1 --optimizer adamw --lr 0.004
3.2m recipe 1
3.2m without-taps 1 --taps 0
3.2m adamw-0.003 1 --optimizer adamw --lr 0.003
END
}

for ((round = 1; round <= rounds; ++round)); do
    plan | while read -r preset name seed options; do
        key=$preset,$name,$round
        ((seed == 1)) && ! grep -q "^$key," "$speeds" || continue
        read -ra options <<<"$options"
        echo "$key,$(speed "$preset" "${options[@]}" </dev/null)" >>"$speeds"
    done
done
plan | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'run {}'
