#!/bin/bash
# Settings of learning while coding, each measured by the size of an archive: run.sh [FILTER]
# Cost: the rows of results.csv took 230 s of one core of a server with AVX-512. Rows that results.csv has are skipped, so that a stopped run goes on;
# FILTER is a pattern of grep for the rows to run. BITLAW names the tool, DATA the folder of the data sets.
set -euo pipefail
cd "$(dirname "$0")"
bitlaw=${BITLAW:-../../build/bitlaw}
data=${DATA:-../../data}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
[[ -e results.csv ]] || echo "question,model,piece,options,bytes,archive_bytes,bits_per_byte,cpu_seconds" >results.csv

# Pieces of 300,000 bytes from the first halves of the files, and none that a table reports.
piece() {
    case $1 in
        gutenberg) tail -c +2500001 "$data/gutenberg20M" ;;
        enwik) tail -c +1000001 "$data/enwik8.first3M" ;;
        wiki) tail -c +1000001 "$data/wiki-valid" ;;
    esac 2>/dev/null | head -c "${2:-300000}" || true
}

while IFS=';' read -r question model name options; do
    [[ -n $question && $question != \#* ]] || continue
    row="$question,$model,$name,$options"
    grep -q "${1:-.}" <<<"$row" || continue
    ! grep -qF "$row," results.csv || continue
    file=$scratch/piece
    piece "${name%%:*}" "$([[ $name != *:* ]] || echo "${name##*:}")" >"$file"
    [[ $model == init:* ]] && given=$model || given=../../checkpoints/$model.blm
    # shellcheck disable=SC2086
    seconds=$({ TIMEFORMAT='%U'; time "$bitlaw" compress -q -T1 -f -m "$given" --fallback never $options -o "$scratch/archive" "$file"; } 2>&1)
    bytes=$(stat -c %s "$file")
    archive=$(stat -c %s "$scratch/archive")
    echo "$row,$bytes,$archive,$(awk "BEGIN { printf \"%.4f\", 8 * $archive / $bytes }"),$seconds" >>results.csv; tail -1 results.csv
done <rows.txt
