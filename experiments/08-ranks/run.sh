#!/bin/bash
# Measures what steps are made of (parts.csv) and what 2 ranks take beside 1 (ranks.csv) here, by the processor's clock and by the
# wall's, models 1 to 256 nodes (model.csv, pays.csv) and draws the picture (scaling.svg): experiments/08-ranks/run.sh [--model]; needs make MPI=1. With --model only what
# follows from the measured files is made anew.
set -euo pipefail
cd "$(dirname "$0")"
# ranks N COMMAND...: the command on N ranks.
ranks() {
    local mpirun=() count=$1
    shift
    ((count == 1)) || mpirun=(mpirun --allow-run-as-root --oversubscribe --bind-to none -n "$count")
    "${mpirun[@]}" ../../build/mpi/bitlaw bench --ranks -T1 -q "$@"
}
# processor RANKS RUNS PRESET: seconds that all processes used together.
processor() {
    local TIMEFORMAT='%U %S'
    { time ranks "$1" --runs "$2" --only "step $3, 16" >/dev/null 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}
# field NAME: of JSON on standard input.
field() { grep -o "\"$1\": [0-9.e-]*" | head -n 1 | sed 's/.*: //'; }
if [[ ${1:-} != --model ]]; then
    parts=$(mktemp)
    g++ -std=c++20 -O2 -fopenmp -I../../include -o "$parts" parts.cpp ../../build/libbitlaw.a
    "$parts" >parts.csv
    rm "$parts"
    echo "network,leaves,ranks,step_processor_s,step_s,communication_share" >ranks.csv
    for preset in 200k 800k; do
        for count in 1 2; do
            few=$(processor $count 1 $preset)
            many=$(processor $count 9 $preset)
            timed=$(ranks $count --runs 9 --only "step $preset, 16" --json)
            awk -v p=$preset -v r=$count -v a="$few" -v b="$many" -v s="$(field step_s <<<"$timed")" -v c="$(field share <<<"$timed")" \
                'BEGIN { printf "%s,16,%d,%.4f,%.4f,%.4f\n", p, r, (b - a) / 8, s, c }' >>ranks.csv
        done
    done
fi
awk -f model.awk parts.csv >model.csv
awk -f pays.awk model.csv >pays.csv
gnuplot scaling.gp
