#!/bin/bash
# What a network gains by predicting tokens instead of bytes: experiments/09-tokenizers/run.sh
# Goes on where it was stopped: a row of results.csv is measured once. Needs build/bitlaw, wiki8 and wiki-valid. One thread a run, JOBS runs at a time (2).
# BYTES: of a run of equal bytes; SECONDS_OF_CPU: of a run of equal time, turned into bytes by the speed of a short run. What came of both is in the rows.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
cd "$here/../.."
bitlaw=$(realpath "${BITLAW:-build/bitlaw}")
bytes=${BYTES:-400000}
seconds=${SECONDS_OF_CPU:-30}
jobs=${JOBS:-2}
work=${WORK:-build/tokenizers}
csv=$here/results.csv
mkdir -p "$work"
export LC_ALL=C
TIMEFORMAT='%U %S'
[[ -s $csv ]] || echo "network,alphabet,equal,symbols,bytes_a_token,steps,bytes,cpu_seconds,parameters,backbone_parameters,model_bytes,vocabulary_bytes,raw_bits_per_byte,adjusted_bits_per_byte_of_100MB,restored_bytes_per_cpu_second" >"$csv"

# Trained on: a beginning that no run reads twice, so that reading it costs little. Reported: the first 100,000 bytes of wiki-valid's second half.
data=data/wiki8@:30M
piece=$work/piece
[[ -s $piece ]] || tail -c +2500001 data/wiki-valid | head -c 100000 >"$piece"
plain=$(stat -c %s "$piece")
for size in bytes 512 1024 4096 16384; do
    [[ -s $work/$size.blt ]] || "$bitlaw" tokenizer train -q -T 1 --data data/wiki8 --size $size -o "$work/$size.blt"
done

# cpu LOG COMMAND...: its processor seconds; what it says goes to LOG.
cpu() {
    local log=$1
    shift
    { time "$@" >/dev/null 2>"$log"; } 2>"$log.time"
    awk '{ printf "%.2f", $1 + $2 }' "$log.time"
}
# fact NAME FILE: a number of bitlaw info --json.
fact() { sed -n "s/^ *\"$1\": \([0-9.]*\),\{0,1\}$/\1/p" "$2" | head -1; }

# row NETWORK ALPHABET EQUAL
row() {
    local network=$1 alphabet=$2 equal=$3 budget=$bytes begun run=$work/$1-$2-$3 used per archive restored symbols width parameters tables vocabulary
    grep -q "^$network,$alphabet,$equal," "$csv" && return
    local tokenizer=()
    case $alphabet in
        bytes) ;;
        cut) tokenizer=(--tokenizer "$work/bytes.blt") ;;
        *) tokenizer=(--tokenizer "$work/$alphabet.blt") ;;
    esac
    # Reading and cutting the data, and one step: not the time of a long run.
    begun=$(cpu "$run.log" "$bitlaw" train -T 1 -f --data "$data" --preset "$network" "${tokenizer[@]}" --tokens 1 -o "$run")
    if [[ $equal == time ]]; then
        used=$(cpu "$run.log" "$bitlaw" train -T 1 -f --data "$data" --preset "$network" "${tokenizer[@]}" --tokens 150K -o "$run")
        budget=$(awk -v s="$seconds" -v u="$used" -v b="$begun" 'BEGIN { printf "%d", 150000 * s / (u - b) }')
    fi
    used=$(cpu "$run.log" "$bitlaw" train -T 1 -f --data "$data" --preset "$network" "${tokenizer[@]}" --tokens "$budget" --save-every 1000000 -o "$run")
    used=$(awk -v u="$used" -v b="$begun" 'BEGIN { printf "%.2f", u - b }')
    "$bitlaw" info --json "$run/model.blm" >"$run/info.json"
    "$bitlaw" compress -q -f -T 1 -m "$run/model.blm" --mix none --fallback never -o "$run/piece.blw" "$piece"
    archive=$(stat -c %s "$run/piece.blw")
    restored=$(cpu "$run.restored" "$bitlaw" decompress -q -f -T 1 -m "$run/model.blm" -o "$run/piece" "$run/piece.blw")
    cmp "$run/piece" "$piece"
    symbols=$(fact alphabet "$run/info.json")
    width=$(fact width "$run/info.json")
    parameters=$(fact parameters "$run/info.json")
    tables=$((2 * symbols * width))
    per=$(sed -n 's/^tokenizer .* symbols, \([0-9.]*\) bytes a token.*/\1/p' "$run.log")
    vocabulary=$(fact vocabulary_bytes "$run/info.json")
    awk -v head="$network,$alphabet,$equal,$symbols,${per:-1},$(fact steps "$run/info.json"),$(fact tokens "$run/info.json"),$used,$parameters,$((parameters - tables)),$(fact stored_bytes "$run/info.json"),${vocabulary:-0}" \
        -v a="$archive" -v p="$plain" -v m="$(fact stored_bytes "$run/info.json")" -v r="$restored" \
        'BEGIN { printf "%s,%.4f,%.4f,%.0f\n", head, 8 * a / p, 8 * a / p + 8 * m / 1e8, p / r }' >>"$csv"
}

for equal in time bytes; do
    for network in 50k 200k; do
        ready=()
        for alphabet in bytes cut 512 1024 4096 16384; do
            row $network $alphabet $equal &
            ready+=($!)
            if ((${#ready[@]} == jobs)); then
                wait "${ready[@]}"
                ready=()
            fi
        done
        wait
    done
done
sort -t, -k3,3 -k1,1r -s -o "$csv.sorted" <(tail -n +2 "$csv")
{ head -1 "$csv"; cat "$csv.sorted"; } >"$csv.new"
rm "$csv.sorted"
mv "$csv.new" "$csv"
column -s, -t "$csv"
