#!/bin/bash
# Archives of earlier versions are restored, whatever the instruction set, and made again to the same bytes.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
golden=$(cd "$(dirname "$0")/../golden" && pwd)
source "$(dirname "$0")/common.bash"
export BITLAW_MODELS=$golden
isas=$(list_isas)
archives=0
for archive in "$golden"/*.blw; do
    name=$(basename "$archive" .blw)
    for isa in $isas; do
        check "$name, restored with $isa" \
            bash -c "BITLAW_ISA=$isa '$bitlaw' decompress -c '$archive' | cmp - '$golden/$name.plain'"
    done
    archives=$((archives + 1))
done
((archives >= 21))
judge "all archives are there" ls "$golden"
# What a released archive was made of may be coded in other ways by later versions; this one writes what it reads.
for name in vanilla-fp32 modern-bf16 modern-int8 modern-quantised modern-trellis gated-bf16; do
    check "$name, made again" bash -c "'$bitlaw' compress -c -m '$golden/$name.blm' --fallback never --block-size 256 \
        --streams 3 '$golden/$name.plain' | cmp - '$golden/$name.blw'"
done
finish
