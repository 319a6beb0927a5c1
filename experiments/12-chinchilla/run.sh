#!/bin/bash
# Fits every form of law to Chinchilla's runs and compares the additive fit with the published one: a few seconds.
#
#   experiments/12-chinchilla/run.sh [RUNS.csv]
#
# RUNS.csv: svg_extracted_data.csv of github.com/epoch-research/analyzing-chinchilla; without it data/fetch.sh gets it. Writes
# fit.txt (all tables) and published.csv (parameters and errors beside the published fit) here.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-}
if [[ -z $runs ]]; then
    data/fetch.sh chinchilla >/dev/null
    runs=data/chinchilla/svg_extracted_data.csv
fi
readonly here=experiments/12-chinchilla bitlaw=${BITLAW:-build/bitlaw}
# Losses are nats a token of a vocabulary of 32,000, so without a model log 32000 = 10.3735. The published fit leaves out five runs:
# those of the highest losses.
readonly fit=("$bitlaw" study fit --results "$runs" --size-column "Model Size" --flops-column "Training FLOP" --loss-column loss
    --no-model 10.3735)
{
    echo "## All 245 runs"
    "${fit[@]}" 2>&1
    echo
    echo "## Without the five highest losses"
    "${fit[@]}" --leave-out 5 2>&1
} >"$here/fit.txt"

# rms FILE E A a B b: the additive law's relative error over the runs without the five highest losses.
rms() {
    tail -n +2 "$1" | sort -t, -k7,7g | head -n -5 | awk -F, -v E="$2" -v A="$3" -v a="$4" -v B="$5" -v b="$6" '
        { d = $5 / (6 * $4); r = 1 - (E + A / $4 ^ a + B / d ^ b) / $7; sum += r * r } END { printf "%.6f", sqrt(sum / NR) }'
}
additive=$("${fit[@]}" --leave-out 5 --json -q | grep '"form": "additive", "parameter"')
# column NAME KEY: a number of the additive form's parameter.
column() { sed -n "s/.*\"parameter\": \"$1\".*\"$2\": \([0-9.e+-]*\).*/\1/p" <<<"$additive"; }
{
    echo "fit,E,A,a,B,b,rms_error"
    # Hoffmann et al. 2022 (approach 3); Besiroglu et al. 2024 (Epoch AI), from these runs.
    echo "Hoffmann et al.,1.69,406.4,0.34,410.7,0.28,$(rms "$runs" 1.69 406.4 0.34 410.7 0.28)"
    echo "Epoch AI,1.82,482,0.348,2085,0.366,$(rms "$runs" 1.82 482 0.348 2085 0.366)"
    for key in huber value; do
        row=()
        for name in E A a B b; do
            row+=("$(column "$name" "$key")")
        done
        [[ $key == huber ]] && title="bitlaw, Huber loss" || title="bitlaw, least squares"
        echo "\"$title\",$(IFS=,; echo "${row[*]}"),$(rms "$runs" "${row[@]}")"
    done
} >"$here/published.csv"
cat "$here/published.csv"
