#!/usr/bin/env bash
# Table 1 of "Language Modeling Is Compression" on real text, images and sound: classical compressors, and the models of
# checkpoints/ (or those that are given), with the paper's own figures beside.
# Usage: experiments/02-paper-table/run.sh [--baselines] [--sample BYTES] [--out DIR] [--reuse FILE]... [--again] [MODEL...]
#   --baselines     classical compressors only, no models
#   --sample BYTES  only the first BYTES of every data set: a quick look, whose figures are not the table's
#   --out DIR       where table.{txt,md,csv,json,svg} and beside.md go (this folder; with --sample, a folder of the build)
#   --reuse FILE    also take what FILE, JSON of another table, has measured with the same settings on the same data
#   --again         measure anew what the table in DIR has; --reuse still counts
# What table.json in DIR has, or table.partial.json that a stop left there, is not measured again: one model more costs the
# time of that model. A table of fewer rows takes their place, so give it another DIR.
# Cost of the whole: about 15 minutes of one core for the compressors, most of it JPEG XL's, and 50 MB of data that every
# model reads twice. Data sets that are made already are taken as they are; Ctrl-C prints what was measured
# and leaves table.partial.json.
# From the environment: BITLAW (build/bitlaw), TABLE_DATA (folder of the data sets, build/paper-table).
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
bitlaw=$(realpath -m "${BITLAW:-$root/build/bitlaw}")
sets=$(realpath -m "${TABLE_DATA:-$(dirname "$bitlaw")/paper-table}")
random_bytes=2048000  # 1000 chunks

fail() {
    printf 'paper table: %s\n' "$*" >&2
    exit 1
}

# The table repeats its command, in which paths from the checkout tell more than those of one machine.
near() { realpath -s -m --relative-to="$root" "$1"; }

sample=
out=
again=
baselines=
arguments=()
reuse=()
models=()
while (($# > 0)); do
    case $1 in
        --baselines) baselines=yes ;;
        --sample) sample=${2:?--sample needs a number of bytes} && shift ;;
        --out) out=${2:?--out needs a folder} && shift ;;
        --reuse) reuse+=("${2:?--reuse needs a file}") && shift ;;
        --again) again=yes ;;
        -*) fail "there is no option $1; see the head of $0" ;;
        *) models+=("$1") ;;
    esac
    shift
done
if [[ -n $baselines ]]; then
    arguments+=(--no-models)
else
    ((${#models[@]} > 0)) || models=("$root"/checkpoints/*.blm)
    for model in "${models[@]}"; do
        arguments+=(-m "$(near "$model")")
    done
fi
[[ -n $out ]] || out=${sample:+$sets/sample}
out=$(realpath -m "${out:-$here}")
if [[ -z $again ]]; then
    # The newer one first: of two cells the first is taken.
    earlier=("$out/table.json" "$out/table.partial.json")
    [[ ! ${earlier[1]} -nt ${earlier[0]} ]] || earlier=("${earlier[1]}" "${earlier[0]}")
    for file in "${earlier[@]}"; do
        [[ ! -f $file ]] || reuse+=("$file")
    done
fi
for file in "${reuse[@]}"; do
    arguments+=(--reuse "$(near "$file")")
done
[[ -x $bitlaw ]] || fail "$bitlaw is not there; type: make"
mkdir -p "$sets" "$out"
. "$here/sets.bash"

# fetched NAME: the path of a set of data/fetch.sh, or nothing and a line when it cannot be had.
fetched() {
    "$root/data/fetch.sh" "$1" 2> /dev/null | tail -n 1 || echo "paper table: $1 cannot be had here and is left out" >&2
}

columns=()
# column NAME PATH
column() { columns+=("$1=$(near "$2")${sample:+@0:$(least "$sample" "$(stat -L -c %s "$2")")}"); }
least() { (($1 < $2)) && echo "$1" || echo "$2"; }

for name in wiki-valid enwik8.first3M; do
    path=$(fetched "$name")
    [[ -z $path ]] || column "$name" "$path"
done
images=$(fetched imagenet-sample)
if [[ -n $images ]]; then
    made imagenet images "$images"
    made_images "$images" test
    column imagenet "$sets/imagenet"
    column imagenet-test "$sets/imagenet-test"
fi
speech=$(fetched librispeech)
if [[ -n $speech ]]; then
    made_speech "$speech" test
    made libri-test16 audio --bits 16 "$speech/test"
    column libri-test "$sets/libri-test"
    column libri-test16 "$sets/libri-test16"
fi
made random random --bytes "$random_bytes"
column random "$sets/random"

command -v gnuplot > /dev/null || fail "gnuplot draws the chart; apt-get install gnuplot-nox"
# Every table is a new file; of a run that ended early the files of an earlier table stay.
file_of_table() { stat -c %i,%z "$out/table.json" 2> /dev/null || true; }
before=$(file_of_table)
status=0
(cd "$root" && "$bitlaw" table --data "${columns[@]}" "${arguments[@]}" -o "$(near "$out/table")") || status=$?
[[ $(file_of_table) != "$before" ]] || exit "$status"

# ---- The paper's figures beside ours --------------------------------------------------------------------------------

# Both files have commas in no field that is read here.
{
    printf '| protocol | paper: system | data | raw %% | adjusted %% | here: row | data | raw %% | difference |\n'
    printf '|---|---|---|---:|---:|---|---|---:|---:|\n'
    awk -F, '
        /^#/ { next }
        FNR == 1 { for (i = 1; i <= NF; ++i) at[FILENAME, $i] = i; next }
        FILENAME == ARGV[1] {
            rate[$at[FILENAME, "protocol"], $at[FILENAME, "compressor"], $at[FILENAME, "data_set"]] = \
                $at[FILENAME, "raw_rate"]
            next
        }
        {
            key = $1 SUBSEP $6 SUBSEP $7
            ours = key in rate && rate[key] != "" ? sprintf("%.1f", 100 * rate[key]) : "-"
            difference = ours == "-" ? "-" : sprintf("%+.1f", ours - $4)
            printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5 == "" ? "-" : $5,
                $6 == "" ? "-" : $6, $7 == "" ? "-" : $7, ours, difference
        }' "$out/table.csv" <(grep -v '^#' "$here/paper.csv")
    cat "$here/paper-figures.md"  # what has no row, written by hand
} > "$out/beside.md"
printf '\n' && cat "$out/beside.md"
printf '\ntables and chart: %s/table.*, the paper beside: %s/beside.md\n' "$out" "$out"
exit "$status"  # of a row that failed, as the table says
