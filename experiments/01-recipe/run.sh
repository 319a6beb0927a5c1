#!/bin/bash
# Ablation of the training recipe: every part on and off at equal minutes of one core, at 200k; what decides most, also at 800k and 3.2m.
#
#   experiments/01-recipe/run.sh [MINUTES]     default 5 a run at 200k, twice that at 800k and 3.2m; about 4 hours of one core
#
# Minutes are counted at speeds that are measured first, all variants' in turns, best on a machine that does nothing else (speeds.csv, 5 rounds); then each run gets the bytes that its median speed reads in its minutes, so that what else the machine does
# changes no result. All variants run with seed 1; then the recipe, and what is within CLOSE of it, with seeds 2 and 3. Rows go to results.csv as
# they come; a run whose row is there is not repeated. Held out: wiki-valid, first 1,000,000 bytes.
# Needs build/bitlaw, data/wiki8 and data/wiki-valid (data/fetch.sh).
# From the environment: BITLAW (build/bitlaw), JOBS (runs at once, one thread each: the number of processors), CLOSE (0.01 bits/byte).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
readonly rounds=5 jobs=${JOBS:-$(nproc)} close=${CLOSE:-0.01}
export here=experiments/01-recipe runs=data/.train/recipe bitlaw=${BITLAW:-build/bitlaw} minutes=${1:-5}
mkdir -p "$runs"
. "$here/measure.bash"
export results=$here/results.csv speeds=$here/speeds.csv
[[ -s $speeds ]] || echo "preset,name,round,bytes_per_second" >"$speeds"
[[ -s $results ]] || echo "preset,name,minutes,seed,options,bytes_trained,bytes_per_second,held_out_bits_per_byte" >"$results"

# run PRESET NAME SEED OPTIONS...: trains, measures, appends a row.
run() {
    local preset=$1 time=$minutes seed=$3 key out bits bytes speed
    [[ $preset == 200k ]] || time=$((2 * minutes))
    key=$preset,$2,$time,$seed out=$runs/$1-$2-$3-$time
    if grep -q "^$key," "$results"; then return; fi
    speed=$(grep "^$1,$2," "$speeds" | cut -d, -f4 | median)
    bytes=$(bytes_in "$time" "$speed")
    shift 3
    "$bitlaw" train -q -T 1 --preset "$preset" --data data/wiki8 --tokens "$bytes" --seed "$seed" --out "$out" -f "$@" || return
    bits=$(measured "$out" data/wiki-valid@:1M) || return 255  # and no further runs
    rm -rf "$out"
    echo "$key,$*,$bytes,$speed,$bits" | tee -a "$results"
}
export -f run

# One variant a line: preset, name, options.
plan() {
    cat <<'END'
200k recipe
200k without-taps --taps 0
200k taps-7 --taps 7
200k adamw-0.012 --optimizer adamw --lr 0.012
200k adamw-0.006 --optimizer adamw --lr 0.006
200k adamw-0.003 --optimizer adamw --lr 0.003
200k fp32 --arithmetic fp32
200k fp32-cache --cache fp32
200k no-decay --decay 0
200k decay-0.4 --decay 0.4
200k batch-2048 --batch-tokens 2048
200k batch-8192 --batch-tokens 8192
200k context-256 --context 256
200k context-1024 --context 1024
200k window-512 --context 1024 --window 512
200k kv-heads-2 --kv-heads 2
200k heads-4 --heads 4 --kv-heads 2 --head-width 16
200k layers-3 --layers 3 --hidden 384
200k layers-5 --layers 5 --hidden 192
200k layers-6 --layers 6 --hidden 128
800k recipe
800k without-taps --taps 0
800k adamw-0.004 --optimizer adamw --lr 0.004
3.2m recipe
3.2m without-taps --taps 0
3.2m adamw-0.003 --optimizer adamw --lr 0.003
END
}

# close_ones: names at 200k whose run with seed 1 is within CLOSE of the recipe's, or better; the recipe is one of them.
close_ones() {
    awk -F, -v close_to="$close" -v m="$minutes" '$1 == "200k" && $3 == m && $4 == 1 { bits[$2] = $8 }
        END { for (name in bits) if (bits[name] < bits["recipe"] + close_to) print name }' "$results"
}

for ((round = 1; round <= rounds; ++round)); do
    plan | while read -r preset name options; do
        grep -q "^$preset,$name,$round," "$speeds" && continue
        read -ra options <<<"$options"
        echo "$preset,$name,$round,$(speed "$preset" "${options[@]}" </dev/null)" >>"$speeds"
    done
done
plan | while read -r preset name options; do echo "$preset $name 1 $options"; done | xargs -P "$jobs" -I{} bash -c 'run {}' || exit
for seed in 2 3; do
    plan | while read -r preset name options; do
        [[ $preset != 200k ]] || ! close_ones | grep -qx "$name" || echo "200k $name $seed $options"
    done
done | xargs -P "$jobs" -I{} bash -c 'run {}'
