#!/bin/bash
# All rows of screening.csv: parts of the recipe tried in PyTorch, one million bytes each or four; a row that is there is not repeated.
#
#   experiments/01-recipe/screening.sh     about 2.6 hours of one core, busy
#
# Needs data/wiki8, data/wiki-valid and Debian's python3-torch and libopenblas0-pthread (with the reference BLAS a row takes nine times as long).
# A row's first field is what screening.py is given, in short. From the environment: PYTHON (/usr/bin/python3), OMP_NUM_THREADS.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
readonly here=experiments/01-recipe python=${PYTHON:-/usr/bin/python3}
readonly results=$here/screening.csv
# glibc would give large temporaries back after each use and take them again.
export MALLOC_MMAP_THRESHOLD_=1000000000 MALLOC_TRIM_THRESHOLD_=10000000000
[[ -s $results ]] || echo "parts,parameters,validation_bits_per_byte,seconds_with_other_work_beside" >"$results"

# try NAME OPTIONS...: appends a row.
try() {
    local name=$1 row
    shift
    if grep -q "^$name," "$results"; then return; fi
    row=$("$python" "$here/screening.py" "$@") || exit
    echo "$name,${row#*,}" | tee -a "$results"
}

try adamw --optimizer adamw
try muon
try "muon conv=E" --convolutions E
for places in A C R EC AC ACE; do
    try "muon conv=$places" --convolutions "$places"
done
try "muon conv=AC taps=1" --convolutions AC --taps 1
# What follows is tried on the network with taps on the embeddings, which the tool has.
for seed in 2 3; do
    try "muon conv=E seed=$seed" --convolutions E --seed "$seed"
done
for part in no-qk-norm random-start tied cap value-table value-residual input-residual half-rotary; do
    try "muon conv=E $part" --convolutions E --parts "$part"
done
try "muon conv=E ngrams" --convolutions E --parts ngrams
for training in average batch-ramp length-ramp length-cut running carried; do
    try "muon conv=E $training" --convolutions E --training "$training"
done
for activation in gelu swiglu reglu; do
    try "muon conv=E $activation" --convolutions E --activation "$activation"
done
for activation in relu2 swiglu reglu; do
    for seed in 1 2 3; do
        try "muon conv=E $activation tokens=4M seed=$seed" --convolutions E --activation "$activation" --tokens 4000000 --seed "$seed"
    done
done
for training in length-ramp batch-ramp length-ramp,batch-ramp; do
    try "muon conv=E ${training/,/+} tokens=4M seed=1" --convolutions E --training "$training" --tokens 4000000
done
