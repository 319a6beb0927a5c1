#!/bin/bash
# Settings of learning while coding, each measured by the size of an archive: run.sh [FILTER]
# Rows that results.csv has are skipped, so that a stopped run goes on; FILTER is a pattern of grep for the rows to run. The README has what they cost.
# Rows of the question "target" are restored with AVX2 on two threads and compared before they are written. BITLAW names the tool, DATA the folder of the data sets.
set -euo pipefail
cd "$(dirname "$0")"
bitlaw=${BITLAW:-../../build/bitlaw}
data=${DATA:-../../data}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
[[ -e results.csv ]] || echo "question,model,piece,options,bytes,archive_bytes,bits_per_byte,cpu_seconds,restore_cpu_seconds" >results.csv

# piece NAME [BYTES]. The first three are 300,000 bytes of the first halves of the files, and none that a table reports; the others are reported.
piece() {
    case $1 in
        gutenberg) tail -c +2500001 "$data/gutenberg20M" ;;
        enwik) tail -c +1000001 "$data/enwik8.first3M" ;;
        wiki) tail -c +1000001 "$data/wiki-valid" ;;
        gutenberg-first) cat "$data/gutenberg20M" ;;
        enwik-first) cat "$data/enwik8.first3M" ;;
        wiki-second) tail -c +2500001 "$data/wiki-valid" ;;
        dickens) cat "$data/silesia/dickens" ;;
    esac 2>/dev/null | head -c "${2:-300000}" || true
}

# seconds COMMAND...: runs it and prints what it took of the processors.
seconds() {
    local TIMEFORMAT='%U'
    { time "$@" 1>&2; } 2>&1
}

while IFS=';' read -r question model name options; do
    [[ -n $question && $question != \#* ]] || continue
    row="$question,$model,$name,$options"
    grep -q -- "${1:-.}" <<<"$row" || continue
    ! grep -qF -- "$row," results.csv || continue
    file=$scratch/piece
    piece "${name%%:*}" "$([[ $name != *:* ]] || echo "${name##*:}")" >"$file"
    [[ $model == init:* || $model == none ]] && given=$model || given=../../checkpoints/$model.blm
    # shellcheck disable=SC2086
    made=$(seconds "$bitlaw" compress -q -T1 -f -m "$given" --fallback never $options -o "$scratch/archive" "$file")
    restored=
    if [[ $question == target ]]; then
        restored=$(OMP_WAIT_POLICY=passive BITLAW_ISA=avx2 seconds "$bitlaw" decompress -q -T2 -f $([[ $given == init:* || $given == none ]] || echo "-m $given") -o "$scratch/restored" "$scratch/archive")
        cmp "$file" "$scratch/restored"
    fi
    bytes=$(stat -c %s "$file")
    archive=$(stat -c %s "$scratch/archive")
    echo "$row,$bytes,$archive,$(awk "BEGIN { printf \"%.4f\", 8 * $archive / $bytes }"),$made,$restored" >>results.csv
    tail -1 results.csv
done <rows.txt
