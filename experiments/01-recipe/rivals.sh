#!/bin/bash
# modern against vanilla at equal minutes of one core, the paper's networks with a learning rate, batch, schedule and precision of their own.
#
#   experiments/01-recipe/rivals.sh            about 2 hours of 2 quiet cores
#
# First each vanilla network is tuned, one option after the other, TUNING minutes (3) a run; then it and its modern rival train for MINUTES (30),
# side by side, so that they meet the same load. modern has its defaults. Rows go to rivals.csv as they come; a run whose row is there is not
# repeated. Held out: the first 1,000,000 bytes of wiki-valid in tuning, all of it at the end; weights as stored, continuous.
# Needs build/bitlaw, data/wiki8 and data/wiki-valid (data/fetch.sh). From the environment: BITLAW (build/bitlaw), TUNING, MINUTES.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export here=experiments/01-recipe runs=data/.train/rivals bitlaw=${BITLAW:-build/bitlaw} tuning=${TUNING:-3} minutes=${MINUTES:-30}
mkdir -p "$runs"
. "$here/measure.bash"
export results=$here/rivals.csv
[[ -s $results ]] || echo "preset,minutes,options,bytes_trained,held_out_bits_per_byte" >"$results"

# run PRESET MINUTES HELD_OUT OPTIONS...: trains, measures, appends a row.
run() {
    local preset=$1 time=$2 held_out=$3 bits
    shift 3
    local key="$preset,$time,$*" out="$runs/$preset-$time${*// /}"
    if grep -q "^$key," "$results"; then return; fi
    "$bitlaw" train -q -T 1 --data data/wiki8 --preset "$preset" --minutes "$time" --out "$out" -f "$@" || return
    bits=$(measured "$out" "$held_out") || return 255  # and no further runs
    echo "$key,$(tail -n 1 "$out/metrics.csv" | cut -d, -f2),$bits" | tee -a "$results"
}

# best PRESET: the options of its best tuning run.
best() { grep "^$1,$tuning," "$results" | sort -t, -k5,5g | head -n 1 | cut -d, -f3; }

# tuned PRESET: first the learning rate, then the batch, the schedule and the precision, each with the best of what came before.
tuned() {
    local rate options part
    for rate in 0.0005 0.001 0.002 0.004; do
        run "$1" "$tuning" data/wiki-valid@:1M --precision bf16 --lr "$rate" || return
    done
    for part in "--batch-tokens 2048" "--batch-tokens 8192" "--decay 0.5" "--precision fp32"; do
        options=$(best "$1")
        [[ $part != --batch* ]] || options=${options% --batch-tokens *}
        [[ $part != --precision* ]] || options=${options/--precision bf16 /}
        read -ra options <<<"$options $part"
        run "$1" "$tuning" data/wiki-valid@:1M "${options[@]}" || return
    done
}

# compared PRESET: the long runs of a size, side by side.
compared() {
    local options
    read -ra options <<<"$(best "vanilla-$1")"
    run "vanilla-$1" "$minutes" data/wiki-valid "${options[@]}" &
    run "$1" "$minutes" data/wiki-valid
    wait
}
export -f run best tuned

printf '%s\n' vanilla-200k vanilla-800k | xargs -P 2 -I{} bash -c 'tuned {}' && compared 200k && compared 800k
