#!/bin/bash
# Runs every fuzzer for some seconds, from the committed corpus and the golden files: tests/fuzz/run.sh FOLDER SECONDS
# What is found is left in FOLDER as crash-*; fixed, it goes to tests/fuzz/findings/TARGET.
set -uo pipefail
folder=$(realpath "$1")
seconds=$2
cd "$(dirname "$0")" || exit 1
status=0
for program in "$folder"/*_fuzz; do
    target=$(basename "$program" _fuzz)
    mkdir -p "$folder/corpus-$target"
    seeds=("$folder/corpus-$target")
    for seed in "corpus/$target" "findings/$target" ../golden; do
        [[ ! -d $seed ]] || seeds+=("$seed")
    done
    echo "$target, $seconds s"
    OMP_NUM_THREADS=1 nice -n 19 "$program" -max_total_time="$seconds" -max_len=8192 -timeout=30 -rss_limit_mb=3000 \
        -print_final_stats=1 -artifact_prefix="$folder/$target-" "${seeds[@]}" >"$folder/$target.log" 2>&1 || status=1
    grep -E '^(stat::number_of_executed_units|stat::peak_rss_mb|SUMMARY|==|#[0-9]+.*DONE|.*Test unit written)' "$folder/$target.log"
done
exit $status
