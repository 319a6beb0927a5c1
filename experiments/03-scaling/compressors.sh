#!/bin/bash
# What compressors make of as many bytes of wiki8 as the study's networks read: their rivals with the model counted, S = D.
#
#   experiments/03-scaling/compressors.sh      about 8 minutes of one core
#   MOST=10000000 experiments/03-scaling/compressors.sh bitlaw      this tool without a model, as far as hours go
#
# Rows go to compressors.csv; a row that is there is not repeated. Needs data/wiki8, gzip, bzip2, xz, zstd and 7z (p7zip-full).
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly results=experiments/03-scaling/compressors.csv
[[ -s $results ]] || echo "compressor,bytes,compressed_bytes" >"$results"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# 7z writes no archive into a pipe.
ppmd() {
    rm -f "$work/a.7z"
    cat >"$work/in"
    7z a -t7z -m0=PPMd:o=8:mem=256m -mtm=off -bd "$work/a.7z" "$work/in" >/dev/null
    cat "$work/a.7z"
}
# What it makes of standard input.
coded() {
    case $1 in
        "7z PPMd order 8") ppmd ;;
        "bitlaw -m none --mix full") "${BITLAW:-build/bitlaw}" compress -q -c -m none --mix full ;;
        *) $1 -c ;;
    esac
}
names=("gzip -9" "bzip2 -9" "xz -9e" "zstd --ultra -22 --long=27" "7z PPMd order 8")
[[ ${1:-} != bitlaw ]] || names=("bitlaw -m none --mix full")
for bytes in 1000000 3200000 10000000 32000000 100000000; do
    ((bytes <= ${MOST:-100000000})) || continue
    for name in "${names[@]}"; do
        grep -q "^$name,$bytes," "$results" ||
            echo "$name,$bytes,$(head -c "$bytes" data/wiki8 | coded "$name" | wc -c)" | tee -a "$results"
    done
done
