#!/bin/bash
# What is the network and what is the optimizer: {vanilla, modern} x {AdamW, Muon} at 200k, equal minutes of one core.
#
#   experiments/01-recipe/optimizers.sh            about 150 core-minutes
#
# vanilla is the paper's network with the paper's context of 2048 and the batch, precision and schedule that rivals.sh found for it. Each of the four gets a
# rate of its own: three runs of TUNING (5) minutes or more (as long as the best one is at the end of the grid), chosen on the first half of wiki-valid; then one run of MINUTES (20), reported on the second half.
# Minutes are bytes at a known speed: those of rivals-speeds.csv and speeds.csv, and for Muon in vanilla the AdamW speed times the ratio of processor
# times of five short runs in turns. Rows go to optimizers.csv as they come; a run whose row is there is not repeated, and a stopped run goes on.
# Needs build/bitlaw, data/wiki8 and data/wiki-valid. From the environment: BITLAW, TUNING, MINUTES.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
here=experiments/01-recipe runs=data/.train/optimizers bitlaw=${BITLAW:-build/bitlaw} tuning=${TUNING:-5} minutes=${MINUTES:-20}
mkdir -p "$runs"
. "$here/measure.bash"
results=$here/optimizers.csv ratios=$here/optimizers-ratios.csv
[[ -s $results ]] || echo "network,optimizer,minutes,options,bytes_trained,first_half_bits_per_byte,second_half_bits_per_byte" >"$results"
[[ -s $ratios ]] || echo "round,vanilla_adamw_cpu_seconds,vanilla_muon_cpu_seconds" >"$ratios"

declare -A preset=([modern]=200k [vanilla]=vanilla-200k)
declare -A options=(
    [modern]=""
    [vanilla]="--precision bf16 --batch-tokens 2048 --decay 0.25"
)
# Rates around the best known ones: speeds.csv and results.csv (modern), rivals.csv (vanilla), the default law times 1/2, 1, 2 (Muon).
declare -A rates=(
    [modern-muon]="--lr 0.0146 --matrix-lr 0.0079|--lr 0.0292 --matrix-lr 0.0158|--lr 0.0584 --matrix-lr 0.0316"
    [modern-adamw]="--lr 0.012|--lr 0.024|--lr 0.048"
    [vanilla-adamw]="--lr 0.002|--lr 0.004|--lr 0.008"
    [vanilla-muon]="--lr 0.004 --matrix-lr 0.005|--lr 0.004 --matrix-lr 0.01|--lr 0.004 --matrix-lr 0.02"
)

cpu_seconds() {  # OPTIONS...: processor seconds of a short training of vanilla
    local out seconds TIMEFORMAT='%U'
    out=$(mktemp -d)
    seconds=$({ time "$bitlaw" train -q -T 1 --preset vanilla-200k --data data/wiki8 --tokens 300K --out "$out/run" "$@" >/dev/null 2>&1; } 2>&1)
    rm -rf "$out"
    echo "$seconds"
}
for ((round = $(wc -l <"$ratios"); round <= 5; ++round)); do
    # shellcheck disable=SC2086
    echo "$round,$(cpu_seconds ${options[vanilla]} --lr 0.004),$(cpu_seconds ${options[vanilla]} --lr 0.004 --optimizer muon --matrix-lr 0.01)" >>"$ratios"
done
muon_ratio=$(tail -n +2 "$ratios" | awk -F, '{ print $2 / $3 }' | median)
vanilla_speed=$(grep '^vanilla-200k,.*--lr 0.004 --batch-tokens 2048 --decay 0.25,[0-9]*,' "$here/rivals-speeds.csv" | grep -v context | cut -d, -f4 | median)
declare -A speeds=(
    [modern-muon]=55856
    [modern-adamw]=58500
    [vanilla-adamw]=$vanilla_speed
    [vanilla-muon]=$(awk -v s="$vanilla_speed" -v r="$muon_ratio" 'BEGIN { print s * r }')
)

run() {  # NETWORK OPTIMIZER MINUTES RATE
    local key="$1,$2,$3,$4" out="$runs/$1-$2-$3${4// /}" bytes first second resume=()
    if grep -qF -- "$key," "$results"; then return; fi
    bytes=$(bytes_in "$3" "${speeds[$1-$2]}")
    [[ ! -f $out/bytes ]] || bytes=$(<"$out/bytes")
    [[ ! -f $out/state.bls ]] || resume=(--resume)
    mkdir -p "$out" && echo "$bytes" >"$out/bytes"
    # shellcheck disable=SC2086
    "$bitlaw" train -q -T 1 --data data/wiki8 --preset "${preset[$1]}" --optimizer "$2" --tokens "$bytes" --out "$out" "${resume[@]}" ${options[$1]} $4 || return
    first=$(measured "$out" data/wiki-valid@:2500000) || return
    second=-
    [[ $3 != "$minutes" ]] || second=$(measured "$out" data/wiki-valid@2500000:) || return
    echo "$key,$bytes,$first,$second" | tee -a "$results"
}

# times FACTOR OPTIONS: every rate times FACTOR.
times() { awk -v f="$1" -v o="$2" 'BEGIN { n = split(o, w, " "); for (i = 1; i <= n; ++i) printf "%s%s", (i > 1 ? " " : ""), (w[i] + 0 > 0 ? f * w[i] : w[i]) }'; }

for cell in vanilla-muon modern-adamw vanilla-adamw modern-muon; do
    network=${cell%-*} optimizer=${cell#*-}
    IFS='|' read -ra choices <<<"${rates[$cell]}"
    for rate in "${choices[@]}"; do run "$network" "$optimizer" "$tuning" "$rate" || exit; done
    # A best rate at the end of the grid is no best rate: go on past it.
    while true; do
        best=$(grep "^$network,$optimizer,$tuning," "$results" | sort -t, -k6,6g | head -n 1 | cut -d, -f4)
        mapfile -t choices < <(grep "^$network,$optimizer,$tuning," "$results" | cut -d, -f4 | awk '{ print $NF "|" $0 }' | sort -g | cut -d'|' -f2)
        case $best in
            "${choices[0]}") run "$network" "$optimizer" "$tuning" "$(times 0.5 "$best")" || exit ;;
            "${choices[-1]}") run "$network" "$optimizer" "$tuning" "$(times 2 "$best")" || exit ;;
            *) break ;;
        esac
    done
    run "$network" "$optimizer" "$minutes" "$best" || exit
done
