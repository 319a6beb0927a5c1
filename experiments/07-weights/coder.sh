#!/bin/bash
# The entropy coder of the format trellis beside other compressors, on the 200k's levels: coder.csv. After run.sh;
# takes a minute.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$here/../..
bitlaw=${BITLAW:-$root/build/bitlaw}
out=${OUT:-$root/build/weights}
echo "bits,program,bytes" > "$here/coder.csv"
for bits in 5 4.2 3.5; do
    row() { echo "$bits,$1,$2" >> "$here/coder.csv"; }
    "$bitlaw" export -q -f -m "$out/200k-$bits.blm" --safetensors -o "$out/levels-$bits"
    levels=$out/levels-$bits/levels
    python3 "$here/levels.py" "$out/levels-$bits" "$levels"
    row "order 0" "$(od -An -v -tu1 -w1 "$levels" | sort | uniq -c | awk '{ n[NR] = $1; all += $1 }
        END { for (i in n) bits -= n[i] * log(n[i] / all) / log(2); printf "%d", bits / 8 }')"
    "$bitlaw" table --data "$levels" --no-models --compressors bzip2,ppmd,zstd,xz,brotli --protocol unchunked --json |
        sed -nE 's/.*"compressor": "([^"]*)".*"coded_bytes": ([0-9]+).*/\1 \2/p' |
        while read -r line; do row "${line% *}" "${line##* }"; done
    row "whole model" "$("$bitlaw" info --json "$out/200k-$bits.blm" | grep -o '"stored_bytes": *[0-9]*' | grep -o '[0-9]*$')"
done
