#!/usr/bin/env bash
# Rate against processor seconds, both directions, of bitlaw's levels and of other compressors, each on one thread and on the
# first BYTES of a file. Every archive is restored and compared. Some minutes a file and megabyte.
# Usage: experiments/05-mixing/run.sh FILE[@SKIP]...     @SKIP leaves so many bytes at the file's beginning out.
# Rows go to results.csv beside this script; one that is there is not measured again. From the environment: BITLAW
# (build/bitlaw), BYTES (1000000), LEVELS ("1 2 3 4 5 6"), MODEL (a model file to mix with the full set, besides the levels).
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
bitlaw=$(realpath "${BITLAW:-$root/build/bitlaw}")
export BITLAW_MODELS=${BITLAW_MODELS:-$root/checkpoints}
readonly csv=$here/results.csv bytes=${BYTES:-1000000}
work=$(mktemp -d "${TMPDIR:-/tmp}/bitlaw-mixing.XXXXXX")
trap 'rm -rf "$work"' EXIT
[[ -f $csv ]] || echo "file,bytes,program,packed,pack_seconds,restore_seconds" >"$csv"

# seconds COMMAND: user and system seconds of it.
seconds() {
    local TIMEFORMAT='%U %S'
    { time bash -c "$1" >"$work/said" 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}

# measure NAME PACK RESTORE: commands with plain, packed and back in the work folder.
measure() {
    local name=$1 pack=$2 restore=$3
    ! grep -q "^$file,$size,$name," "$csv" || return 0
    rm -f "$work"/packed* "$work/back"
    local pack_seconds restore_seconds
    pack_seconds=$(cd "$work" && seconds "$pack")
    restore_seconds=$(cd "$work" && seconds "$restore")
    cmp "$work/plain" "$work/back" || { echo "$name does not restore $file" >&2; exit 1; }
    echo "$file,$size,$name,$(stat -c %s "$work"/packed*),$pack_seconds,$restore_seconds" | tee -a "$csv"
}

# brotli has no program in Debian's base system: its library through bitlaw table, which restores too. Both directions
# are one process, so that all seconds stand in the first column.
brotli() {
    ! grep -q "^$file,$size,brotli -11," "$csv" || return 0
    local spent
    spent=$(cd "$work" && seconds "$bitlaw table -q -T1 --data plain --no-models --compressors brotli --protocol unchunked --csv >table.csv")
    echo "$file,$size,brotli -11,$(sed -n 's/^unchunked,,brotli[^,]*,,plain,[0-9a-f]*,[0-9]*,\([0-9]*\),.*/\1/p' "$work/table.csv"),$spent,0" | tee -a "$csv"
}

for path in "$@"; do
    skip=0
    [[ $path != *@* ]] || { skip=${path##*@} && path=${path%@*}; }
    file=$(basename "$path")
    tail -c +$((skip + 1)) "$path" | head -c "$bytes" >"$work/plain" || true
    size=$(stat -c %s "$work/plain")
    measure "gzip -9" "gzip -9c plain >packed" "gzip -dc packed >back"
    measure "bzip2 -9" "bzip2 -9c plain >packed" "bzip2 -dc packed >back"
    measure "xz -9e" "xz -9ec -T1 plain >packed" "xz -dc packed >back"
    measure "zstd -22" "zstd -q --ultra -22 -c plain >packed" "zstd -q -dc packed >back"
    brotli
    measure "PPMd order 8" "7z a -bd -mmt=1 -m0=PPMd:o=8:mem=256m packed.7z plain" "mkdir -p out && 7z x -y -mmt=1 -oout packed.7z && mv out/plain back"
    for level in 1 2 3 4 5; do
        measure "zpaq -m$level" "zpaq a packed.zpaq plain -m$level -t1" "zpaq x packed.zpaq plain -to back -t1"
    done
    for level in ${LEVELS:-1 2 3 4 5 6}; do
        measure "bitlaw -$level" "$bitlaw compress -qf -T1 -$level -o packed plain" "$bitlaw decompress -qf -T1 -o back packed"
    done
    if [[ -n ${MODEL:-} ]]; then
        name=$(basename "$MODEL" .blm)
        measure "bitlaw $name" "$bitlaw compress -qf -T1 --mix full -m $(realpath "$MODEL") -o packed plain" "$bitlaw decompress -qf -T1 -m $(realpath "$MODEL") -o back packed"
    fi
done
