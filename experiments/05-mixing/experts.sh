#!/usr/bin/env bash
# What each expert is worth: archives without it, on the first BYTES of each file.
# Usage: experiments/05-mixing/experts.sh FILE...       Rows go to experts.csv; a file that is there is not measured again.
# From the environment: BITLAW (build/bitlaw), BYTES (1000000).
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
bitlaw=$(realpath "${BITLAW:-$here/../../build/bitlaw}")
readonly csv=$here/experts.csv bytes=${BYTES:-1000000}
[[ -f $csv ]] || echo "file,bytes,left_out,archive_bytes" >"$csv"
for path in "$@"; do
    file=$(basename "$path")
    size=$(head -c "$bytes" "$path" | wc -c)
    ! grep -q "^$file,$size," "$csv" || continue
    "$bitlaw" eval -q --json -T1 -m none --mix full --experts --data "$path@0:$size" |
        sed -n 's/.*"left_out": "\([a-z]*\)".*"archive_bytes": \([0-9]*\).*/\1,\2/p' | sed "s/^/$file,$size,/" >"$csv.new"
    cat "$csv.new" >>"$csv"
    rm "$csv.new"
done
