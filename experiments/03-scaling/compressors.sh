#!/bin/bash
# What classical compressors make of as many bytes of wiki8 as the study's networks read: their rivals with the model counted, S = D.
#
#   experiments/03-scaling/compressors.sh      about 6 minutes of one core
#
# Rows go to compressors.csv; a row that is there is not repeated. Needs data/wiki8, gzip, bzip2, xz and zstd.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly results=experiments/03-scaling/compressors.csv
[[ -s $results ]] || echo "compressor,bytes,compressed_bytes" >"$results"
for bytes in 1000000 3200000 10000000 32000000 100000000; do
    for compressor in "gzip -9" "bzip2 -9" "xz -9e" "zstd --ultra -22 --long=27"; do
        grep -q "^$compressor,$bytes," "$results" ||
            echo "$compressor,$bytes,$(head -c "$bytes" data/wiki8 | $compressor -c | wc -c)" | tee -a "$results"
    done
done
