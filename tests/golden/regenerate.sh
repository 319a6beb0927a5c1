#!/bin/bash
# Makes the models and archives of this folder anew: tests/golden/regenerate.sh [BUILD]. Only for a new format or arithmetic version:
# archives that were released must be restored by every later version.
set -euo pipefail
build=$(realpath "${1:-$(dirname "$0")/../../build}")
cd "$(dirname "$0")"
bitlaw=$build/bitlaw
# The first fast set of experts is restored and no more written: its archives stay.
find . -maxdepth 1 \( -name '*.blm' -o -name '*.blw' -o -name '*.plain' \) ! -name 'mixing-first-fast*' -delete
mkdir -p ../fuzz/corpus/state
"$build/bitlaw_golden" . ../fuzz/corpus/state/seed.bls
make_archive() { "$bitlaw" compress -qf "$@"; }
for name in vanilla-fp32 modern-bf16 modern-int8 modern-quantised modern-trellis gated-bf16; do
    make_archive -m $name.blm --fallback never --block-size 256 --streams 3 -o $name.blw $name.plain
    "$bitlaw" list --json $name.blw | grep -q '"stored_blocks": 0, "mixed_blocks": 0,'
done
cp modern-int8.plain embedded.plain
make_archive -m modern-int8.blm --fallback never --embed-model -o embedded.blw embedded.plain
cp vanilla-fp32.plain reset.plain
make_archive -m vanilla-fp32.blm --fallback never --reset 7 -o reset.blw reset.plain
awk 'BEGIN { for (i = 0; i < 256; ++i) printf "%c", (i * 167 + 13) % 256 }' | LC_ALL=C tr -d '\0' >stored.plain
make_archive -m two-symbols.blm --fallback never -o stored.blw stored.plain
seq 1 400 >mixed.plain
make_archive -m two-symbols.blm --fallback worse -o mixed.blw mixed.plain
# Networks that learn: from a model, and from a seed in two streams, with Muon and replay.
cp modern-bf16.plain learned.plain
make_archive -m modern-bf16.blm --learn --learn-streams 8 --learn-segment 32 --learn-window 64 --learn-replay 1 --learn-rate 0.003 --fallback never -o learned.blw learned.plain
seq 1 3600 >learned-seed.plain
make_archive -m init:50k:7 --learn --learn-streams 8 --learn-segment 256 --learn-window 256 --learn-rate 0.03 --learn-fall 600 --learn-optimizer muon \
    --learn-muon-ratio 1 --learn-replay 1 --fallback never -o learned-seed.blw learned-seed.plain
# Context mixing: the sets alone and with a network, in three streams and two blocks of a chain; the forms of data; a network that learns.
awk 'BEGIN {
    split("the a small old river stone house light of under and but runs falls stands near far green winter sea", word, " ")
    for (x = 12345; n < 900; ++n) { x = (x * 16807) % 2147483647; printf "%s%s", word[1 + x % 20], x % 11 == 0 ? ".\n" : " " }
}' >mixing-fast.plain
cp mixing-fast.plain mixing-full.plain
for name in mixing-fast-network mixing-full-network mixing-learned; do cat modern-bf16.plain modern-bf16.plain modern-bf16.plain >$name.plain; done
for set in fast full; do
    make_archive -m none --mix $set -o mixing-$set.blw mixing-$set.plain
    make_archive -m modern-bf16.blm --mix $set --fallback never --block-size 1200 --streams 3 -o mixing-$set-network.blw mixing-$set-network.plain
done
make_archive -m modern-bf16.blm --learn --learn-streams 8 --learn-segment 32 --learn-window 64 --mix full --fallback never -o mixing-learned.blw mixing-learned.plain
# binary PROGRAM: an awk program that prints escapes of printf.
# shellcheck disable=SC2059
binary() { printf "$(awk "$1")"; }
binary 'BEGIN { for (i = 0; i < 300; ++i) printf "\\%03o\\%03o\\000\\001\\%03o\\377\\200\\%03o", i * 3 % 256, int(i * 3 / 256), i % 7, i * i % 251 }' >mixing-records.plain
binary 'BEGIN { for (i = 0; i < 4096; ++i) printf "\\%03o", int(128 + 60 * sin((i % 64) / 7) + 40 * cos(i / 64 / 9) + 8 * sin(i * 1.7)) }' >mixing-pixels.plain
binary 'BEGIN { for (i = 0; i < 2000; ++i) { v = int(9000 * sin(i / 9) + 2700 * sin(i / 2.3)) + 65536; printf "\\%03o\\%03o", v % 256, int(v / 256) % 256 } }' >mixing-sound.plain
for name in records pixels sound; do make_archive -m none --mix full -o mixing-$name.blw mixing-$name.plain; done
: >empty.plain
make_archive -m two-symbols.blm -o empty.blw empty.plain
