#!/bin/bash
# Measures what steps are made of (parts.csv) and what 2 ranks cost beside 1 (ranks.csv) here, in seconds of the processor, models 1 to 256 nodes
# (model.csv, pays.csv) and draws the picture (scaling.svg): experiments/08-ranks/run.sh [--model]; needs make MPI=1. With --model only what
# follows from the measured files is made anew.
set -euo pipefail
cd "$(dirname "$0")"
# processor RANKS RUNS PRESET: seconds that all processes used together.
processor() {
    local mpirun=() TIMEFORMAT='%U %S'
    (($1 == 1)) || mpirun=(mpirun --allow-run-as-root --oversubscribe --bind-to none -n "$1")
    { time "${mpirun[@]}" ../../build/mpi/bitlaw bench --ranks -T1 --runs "$2" --only "step $3, 16" -q >/dev/null 2>&1; } 2>&1 |
        awk '{ print $1 + $2 }'
}
if [[ ${1:-} != --model ]]; then
    parts=$(mktemp)
    g++ -std=c++20 -O2 -fopenmp -I../../include -o "$parts" parts.cpp ../../build/libbitlaw.a
    "$parts" >parts.csv
    rm "$parts"
    echo "network,leaves,ranks,step_processor_s" >ranks.csv
    for preset in 200k 800k; do
        for ranks in 1 2; do
            few=$(processor $ranks 1 $preset)
            many=$(processor $ranks 9 $preset)
            awk -v p=$preset -v r=$ranks -v a="$few" -v b="$many" 'BEGIN { printf "%s,16,%d,%.4f\n", p, r, (b - a) / 8 }' >>ranks.csv
        done
    done
fi
awk -f model.awk parts.csv >model.csv
awk -f pays.awk model.csv >pays.csv
gnuplot scaling.gp
