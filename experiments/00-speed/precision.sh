#!/bin/bash
# fp32 against bf16 at equal minutes of one core: which precision gives the better model in the same time.
#
#   experiments/00-speed/precision.sh [MINUTES]     default 5 a run: 12 runs, about 35 minutes of 2 quiet cores
#
# Needs build/bitlaw, data/wiki8 and data/wiki-valid (data/fetch.sh). Rows go to precision.csv as they come; a run whose row is there is
# not repeated. Held out: the first 1,000,000 bytes of wiki-valid, weights as stored, continuous.
# From the environment: BITLAW (build/bitlaw), JOBS (runs at once, one thread each: the number of processors).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export minutes=${1:-5} bitlaw=${BITLAW:-build/bitlaw} runs=data/.train/precision results=experiments/00-speed/precision.csv
mkdir -p "$runs"
. experiments/01-recipe/measure.bash
[[ -s $results ]] || echo "preset,precision,seed,minutes,bytes_trained,held_out_bits_per_byte" >"$results"

# run PRESET PRECISION SEED
run() {
    local key=$1,$2,$3,$minutes out=$runs/$1-$2-$3-$minutes bits
    if grep -q "^$key," "$results"; then return; fi
    "$bitlaw" train -q -T 1 --data data/wiki8 --preset "$1" --arithmetic "$2" --seed "$3" --minutes "$minutes" --out "$out" -f || return
    bits=$(measured "$out" data/wiki-valid@:1M) || return 255  # and no further runs
    echo "$key,$(tail -n 1 "$out/metrics.csv" | cut -d, -f2),$bits" | tee -a "$results"
}
export -f run

# Runs that are compared stand beside each other, so that they meet the same load.
for preset in 200k 800k 3.2m; do
    for seed in 1 2; do
        for precision in fp32 bf16; do
            echo "$preset $precision $seed"
        done
    done
done | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'run {}'
