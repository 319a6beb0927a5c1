#!/usr/bin/env bash
# The table of checkpoints/README.md: rates of the shipped models on text of three kinds, mixed files, photographs and speech.
# Usage: checkpoints/measure.sh MODEL...    (default: checkpoints/*.blm); Markdown on standard output
# From the environment: BITLAW (build/bitlaw), TABLE_DATA (folder of the data sets, build/paper-table).
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
bitlaw=$(realpath "${BITLAW:-$root/build/bitlaw}")
sets=$(realpath -m "${TABLE_DATA:-$(dirname "$bitlaw")/paper-table}")
mkdir -p "$sets"
got() { "$root/data/fetch.sh" "$1" | tail -n 1; }

(($# > 0)) || set -- "$root"/checkpoints/*.blm
canterbury=$(got canterbury)
cat "$canterbury"/* > "$sets/canterbury"
. "$root/experiments/02-paper-table/sets.bash"
made_images "$(got imagenet-sample)" test
made_speech "$(got librispeech)" test

printf '| model | data | bytes | estimate | raw %% | bits/byte | adjusted %% |\n|---|---|---:|---:|---:|---:|---:|\n'
for model; do
    for data in "$(got wiki-valid)" "$(got enwik8.first3M)" "$(got gutenberg20M)@:5M" "$sets/canterbury" "$sets/imagenet-test" \
        "$sets/libri-test"; do
        "$bitlaw" eval -q -m "$model" --data "$data" --json |
            sed -n 's/.*"bytes": \([0-9]*\).*"estimated_bytes": \([0-9.]*\).*"raw_rate": \([0-9.]*\).*"bits_per_byte": \([0-9.]*\).*"adjusted_rate": \([0-9.]*\).*/\1 \2 \3 \4 \5/p' |
            while read -r bytes estimate rate bits adjusted; do
                printf '| %s | %s | %d | %.0f | %.2f | %.4f | %.2f |\n' "$(basename "$model" .blm)" "$(basename "$data")" "$bytes" "$estimate" \
                    "$(awk -v r="$rate" 'BEGIN { print 100 * r }')" "$bits" "$(awk -v r="$adjusted" 'BEGIN { print 100 * r }')"
            done
    done
done
