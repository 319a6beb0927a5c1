#!/bin/bash
# How few bits a weight needs: exports of the shipped text models at several sizes and in several ways, measured on the
# second half of wiki-valid. Calibrated on wiki8, their training text. About an hour of 2 cores; goes on where it was
# stopped. MODELS, BITS, PARTS: some of the models, sizes, sizes in parts; TRAINED: folders of trainings with --weight-bits, as MODEL=FOLDER.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$here/../..
bitlaw=${BITLAW:-$root/build/bitlaw}
out=${OUT:-$root/build/weights}
rates=$here/rates.csv
mkdir -p "$out"
[[ -s $rates ]] || echo "model,way,parameters,model_bytes,bits_per_weight,data,data_bytes,estimated_bytes,bits_per_byte,loss_percent" > "$rates"

data=$root/data/wiki-valid@2500000:5000000

# measure MODEL WAY FILE: a row, unless it is there.
measure() {
    local model=$1 way=$2 file=$3 facts parameters bytes eval coded bits base
    grep -q "^$model,$way," "$rates" && return
    facts=$("$bitlaw" info --json "$file")
    parameters=$(grep -o '"parameters": *[0-9]*' <<< "$facts" | grep -o '[0-9]*$')
    bytes=$(grep -o '"stored_bytes": *[0-9]*' <<< "$facts" | grep -o '[0-9]*$')
    eval=$("$bitlaw" eval --json -m "$file" --data "$data")
    coded=$(grep -o '"estimated_bytes": *[0-9]*' <<< "$eval" | grep -o '[0-9]*$')
    bits=$(awk -v c="$coded" 'BEGIN { printf "%.5f", 8 * c / 2500000 }')
    base=$(awk -F, -v m="$model" '$1 == m && $2 == "bf16" { print $8 }' "$rates")
    flock "$rates" awk -v m="$model" -v w="$way" -v p="$parameters" -v b="$bytes" -v c="$coded" -v bits="$bits" -v base="${base:-$coded}" 'BEGIN {
        printf "%s,%s,%d,%d,%.4f,wiki-valid second half,2500000,%d,%s,%.3f\n", m, w, p, b, 8 * b / p, c, bits, 100 * (c / base - 1) }' >> "$rates"
    grep "^$model,$way," "$rates"
}

# export_at MODEL BITS NAME OPTIONS...: exports and measures.
export_at() {
    local model=$1 bits=$2 name=$3
    shift 3
    grep -q "^$model,$bits bits$name," "$rates" && return
    "$bitlaw" export -q -f -m "$root/checkpoints/$model.blm" --bits "$bits" --calibrate "$root/data/wiki8" \
        --calibrate-bytes "${CALIBRATE:-262144}" "$@" -o "$out/$model-$bits$name.blm"
    measure "$model" "$bits bits$name" "$out/$model-$bits$name.blm"
}

for model in ${MODELS:-200k 800k 3.2m}; do
    measure "$model" bf16 "$root/checkpoints/$model.blm"
    for way in ${WAYS-int8 quantised trellis}; do
        grep -q "^$model,$way," "$rates" && continue
        "$bitlaw" export -q -f -m "$root/checkpoints/$model.blm" --weight-format "$way" -o "$out/$model-$way.blm"
        measure "$model" "$way" "$out/$model-$way.blm"
    done
    for bits in ${BITS:-4.5 3.7 3.5 4.2 5 3 6}; do
        export_at "$model" "$bits" ""
    done
    # What each part is worth: nearest paths, with the bits weighed, errors fed to rows, to both.
    for bits in ${PARTS-5 4.2 3.5 3}; do
        export_at "$model" "$bits" " none" --feed-errors none --bit-weight 0
        export_at "$model" "$bits" " none rate" --feed-errors none
        export_at "$model" "$bits" " rows" --feed-errors rows --bit-weight 0
        export_at "$model" "$bits" " rows rate" --feed-errors rows
        export_at "$model" "$bits" " both" --bit-weight 0
    done
done
for pair in ${TRAINED:-}; do
    measure "${pair%%=*}" "trained $(basename "${pair#*=}")" "${pair#*=}"
done
gnuplot -e "rates='$rates'; out='$here/rates.svg'" "$here/plot.gp"
