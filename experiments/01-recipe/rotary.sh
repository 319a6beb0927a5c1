#!/bin/bash
# The rotary base: how far apart the wavelengths of the positions are. Equal bytes, since it changes no speed.
#
#   experiments/01-recipe/rotary.sh     a few hours of one core; rows go to rotary.csv as they come, and none is repeated
#
# Rows with the default base were taken from results.csv and rivals.csv, where the same command had made them, but the one of 14 MB.
# Needs build/bitlaw, data/wiki8 and data/wiki-valid (data/fetch.sh). From the environment: BITLAW (build/bitlaw), JOBS (runs at once, one
# thread each: the number of processors).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export here=experiments/01-recipe runs=data/.train/rotary bitlaw=${BITLAW:-build/bitlaw}
export results=$here/rotary.csv
mkdir -p "$runs"
. "$here/measure.bash"
[[ -s $results ]] || echo "preset,rotary_base,seed,bytes_trained,held_out,held_out_bits_per_byte" >"$results"

# run PRESET BASE SEED BYTES HELD_OUT
run() {
    local key=$1,$2,$3,$4,$5 out=$runs/$1-$2-$3-$4 bits
    if grep -q "^$key," "$results"; then return; fi
    "$bitlaw" train -q -T 1 --preset "$1" --rotary-base "$2" --seed "$3" --data data/wiki8 --tokens "$4" --out "$out" -f || return
    bits=$(measured "$out" "data/$5") || return 255  # and no further runs
    rm -rf "$out"
    echo "$key,$bits" | tee -a "$results"
}
export -f run

xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'run {}' <<'END'
200k 10000 1 16853910 wiki-valid@:1M
200k 100 1 16853910 wiki-valid@:1M
200k 1000 1 16853910 wiki-valid@:1M
200k 1000000 1 16853910 wiki-valid@:1M
200k 1000000000 1 16853910 wiki-valid@:1M
200k 10000 2 16853910 wiki-valid@:1M
200k 1000000 2 16853910 wiki-valid@:1M
3.2m 10000 1 2911428 wiki-valid@:1M
3.2m 1000000 1 2911428 wiki-valid@:1M
800k 10000 1 14000000 wiki-valid@:1M
800k 1000000 1 14000000 wiki-valid@:1M
800k 10000 2 14000000 wiki-valid@:1M
800k 1000000 2 14000000 wiki-valid@:1M
800k 10000 1 27244260 wiki-valid
800k 1000000 1 27244260 wiki-valid
END
