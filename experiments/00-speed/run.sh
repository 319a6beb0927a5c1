#!/usr/bin/env bash
# Measures bitlaw and, beside it, the libraries and the framework that are installed; ends with one table.
# Usage: make bench, or experiments/00-speed/run.sh [--quick] after make. About 15 minutes on 2 quiet cores, --quick about 1.
#   BITLAW     the program (build/bitlaw)
#   SPEED_OUT  folder of the results (speed, beside the program): table.md, table.json; out/ in it gets what they are made of
#
# Each round measures a peer, then bitlaw, so that what else the machine does hits both; the medians over the rounds count. What
# no peer can do is measured once, with the median of 7 runs.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
here=$root/experiments/00-speed
bitlaw=$(realpath -m "${BITLAW:-$root/build/bitlaw}")
out=$(realpath -m "${SPEED_OUT:-$(dirname "$bitlaw")/speed}")
rounds=2 runs=4 modern_runs=7 peer_runs=7 torch_runs=2
quick=() torch=()
case "$*" in
    "") ;;
    --quick)
        quick=(--quick)
        runs=2 modern_runs=3 peer_runs=3 torch_runs=1
        torch=(--widths 64 --contexts 512)
        ;;
    *)
        echo "usage: run.sh [--quick]" >&2
        exit 2
        ;;
esac
[[ -x $bitlaw ]] || { echo "bench: $bitlaw is missing; type make first" >&2; exit 1; }

say() { printf 'bench: %s\n' "$*" >&2; }
work=$(mktemp -d "${TMPDIR:-/tmp}/bitlaw-speed.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$out/out"
ours=$work/ours.jsonl peers=$work/peers.tsv memory=$work/memory.tsv
: > "$ours" && : > "$peers" && : > "$memory"

# ---- What is there ---------------------------------------------------------------------------------------------------

missing=()
has_header() { echo "#include <$1>" | ${CXX:-g++} -isystem /usr/include/eigen3 -fsyntax-only -x c++ - 2> /dev/null; }
has_header Eigen/Core || missing+=(libeigen3-dev)
has_header cblas.h && has_header openblas_config.h || missing+=(libopenblas-pthread-dev)
has_header oneapi/dnnl/dnnl.hpp || missing+=(libdnnl-dev)
with_products=yes
if ((${#missing[@]} > 0)) || ! "$here/peers/build.sh" "$work/products"; then
    with_products=
fi
with_torch=yes
/usr/bin/python3 -c 'import torch' 2> /dev/null || { with_torch='' missing+=(python3-torch); }
# ONNX Runtime comes from npm; networks are made for it by PyTorch. `npm install` fetches it once into the results' folder.
with_onnx=
if [[ -n $with_torch ]] && command -v npm > /dev/null; then
    export NODE_PATH=$out/onnx/node_modules
    if [[ -d $NODE_PATH/onnxruntime-node ]] ||
        npm install --silent --ignore-scripts --prefix "$out/onnx" onnxruntime-node > "$work/npm.log" 2>&1; then
        with_onnx=yes
        /usr/bin/python3 -B "$here/peers/onnx_export.py" "$work" "${torch[@]}" > "$work/export.log" 2>&1 ||
            { with_onnx='' && say "no networks for ONNX Runtime: $(tail -n 1 "$work/export.log")"; }
    else
        say "npm could not fetch ONNX Runtime: $(tail -n 1 "$work/npm.log")"
    fi
fi
with_memory=yes
[[ -x /usr/bin/time ]] || { with_memory='' missing+=(time); }
if ((${#missing[@]} > 0)); then
    say "some peers are not measured; for all: apt-get install --no-install-recommends ${missing[*]}"
fi

threads=$(nproc)
load=$(cut -d ' ' -f 1 /proc/loadavg)
# Threads that wait by spinning are fastest on a quiet machine and ruinous on a busy one.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-$(awk -v l="$load" 'BEGIN { print l < 1 ? "active" : "passive" }')}
# The libraries choose for themselves what suits the processor.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS

# ---- Measuring -------------------------------------------------------------------------------------------------------

# bench THREADS RUNS NAME: our rows whose names begin so.
bench() { "$bitlaw" bench --json -T "$1" --runs "$2" --only "$3" "${quick[@]}" >> "$ours"; }
# peer COMMAND...: its rows, and where threads spin, also those with threads that sleep: OpenBLAS has threads of its own, so it
# and PyTorch's fp32, which multiplies with it, lose more than half of their speed to OpenMP's threads spinning beside them.
peer() {
    "$@" >> "$peers" || return
    [[ $OMP_WAIT_POLICY == passive ]] ||
        OMP_WAIT_POLICY=passive "$@" | awk -F'\t' -v OFS='\t' '{ $3 = $3 ", threads asleep"; print }' >> "$peers"
}
# An allocator that keeps its memory: the fair peer, since page faults halve PyTorch's speed otherwise.
torch_steps() {
    MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456 \
        /usr/bin/python3 "$here/peers/torch_steps.py" "$1" --threads "$threads" --runs "$torch_runs" "${torch[@]}"
}

begun=$SECONDS
for ((round = 1; round <= rounds; ++round)); do
    for t in $(printf '%s\n' "$threads" 1 | uniq); do
        say "round $round of $rounds: products, threads: $t"
        [[ -z $with_products ]] || peer "$work/products" "$t" "$peer_runs" 2> "$work/products.log" ||
            say "the libraries failed: $(tail -n 1 "$work/products.log")"
        bench "$t" $((2 * runs)) product
        bench "$t" $((2 * runs)) "weight gradient"
    done
    say "round $round of $rounds: training"
    [[ -z $with_torch ]] || peer torch_steps train || say "PyTorch failed; its other figures count"
    bench "$threads" "$runs" "training step vanilla"
    say "round $round of $rounds: scoring and stepping"
    [[ -z $with_torch ]] || peer torch_steps run || say "PyTorch failed; its other figures count"
    [[ -z $with_onnx ]] || node "$here/peers/onnx_steps.js" "$work" --threads "$threads" --runs "$peer_runs" >> "$peers" ||
        say "ONNX Runtime failed; its other figures count"
    bench "$threads" "$runs" "score vanilla"
    bench "$threads" "$runs" "step vanilla"
done
say "what no peer does"
bench "$threads" "$modern_runs" attention
for preset in 200k 800k 3.2m; do
    [[ ${#quick[@]} == 0 || $preset == 200k ]] || continue
    for what in "training step" score step; do
        bench "$threads" "$modern_runs" "$what $preset"
    done
done
largest=$([[ ${#quick[@]} == 0 ]] && echo vanilla-3.2m || echo vanilla-200k)
if ((threads > 1)); then
    bench 1 "$runs" "training step $largest, context 512"
fi
if "$bitlaw" info | grep -q avx512; then
    BITLAW_ISA=avx2 bench "$threads" "$runs" "training step $largest, context 512"
fi

# Greatest memory of a whole run of two steps of 16,384 tokens at context 2048, the data included.
if [[ -n $with_memory ]]; then
    say "memory"
    head -c 1000000 /dev/urandom > "$work/data"
    for preset in 200k 3.2m vanilla-200k vanilla-3.2m; do
        [[ ${#quick[@]} == 0 || $preset == *200k ]] || continue
        /usr/bin/time -f %M -o "$work/kilobytes" "$bitlaw" train -q --preset "$preset" --context 2048 --data "$work/data" \
            --batch-tokens 16384 --tokens 32768 -o "$work/model-$preset"
        printf '%s\t%s\n' "$preset" "$(tail -n 1 "$work/kilobytes")" >> "$memory"
    done
fi

# ---- The table -------------------------------------------------------------------------------------------------------

cp "$ours" "$peers" "$memory" "$out/out"
core=$(sed -n 's/^OpenBLAS core: //p' "$work/products.log" 2> /dev/null || true)
versions="$(dpkg-query -W -f '${Package} ${Version}, ' libeigen3-dev libopenblas0-pthread libdnnl2 python3-torch 2> /dev/null |
    sed 's/, $//' || true)"
awk -v out="$out" -v threads="$threads" -v load="$load" -v load_end="$(cut -d ' ' -f 1 /proc/loadavg)" \
    -v wait="$OMP_WAIT_POLICY" -v core="$core" -v versions="$versions" -v rounds="$rounds" -v seconds=$((SECONDS - begun)) \
    -v command="experiments/00-speed/run.sh $*" -f "$here/merge.awk" "$peers" "$memory" "$ours"
cat "$out/out/table.txt"
say "$out/table.md and table.json hold the same"
