#!/bin/bash
# Context mixing: the same archive for every instruction set and thread count, restored crossed; with and without a network.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 40000 >text
head -c 9000 text >sample
isas=$(list_isas)
[[ -n $isas ]]
judge "instruction sets: $isas" echo "none"
check "a model" train_tiny tiny text --tokens 12K -T 1
mkdir made

for set in fast full; do
    for model in none tiny; do
        reference=made/$set-$model.blw
        BITLAW_ISA=scalar check "$set with model $model" "$bitlaw" compress -q -T1 --streams 5 --fallback never --mix $set -m $model -o $reference sample
        for isa in $isas; do
            for threads in 1 2 3 16; do
                export BITLAW_ISA=$isa
                made=made/$set-$model-$isa-$threads
                "$bitlaw" compress -q -T $threads --streams 5 --fallback never --mix $set -m $model -o $made.blw sample
                same "$set with model $model: archive of $isa, $threads threads" $reference $made.blw
                "$bitlaw" decompress -q -T $threads $([[ $model == none ]] || echo -m $model) -o $made.restored $reference
                same "$set with model $model: restored by $isa, $threads threads" sample $made.restored
                unset BITLAW_ISA
            done
        done
    done
done
# Experts beside a network take fewer bytes than either alone; this network knows its text.
(($(stat -c %s made/full-tiny.blw) < $(stat -c %s made/full-none.blw)))
judge "a network beside the experts pays" ls -l made
head -c 10000000 /dev/zero >zeros
yes 'one line, again and again, until the file ends' | head -c 1000000 >line
for set in fast full; do
    check "$set: ten million zeros" "$bitlaw" compress -qf --mix $set -m none zeros
    (($(stat -c %s zeros.blw) <= 300))
    judge "$set: ten million zeros take at most 300 bytes" ls -l zeros.blw
    check "$set: one repeated line" "$bitlaw" compress -qf --mix $set -m none line
    (($(stat -c %s line.blw) <= 400))
    judge "$set: a repeated line takes at most 400 bytes" ls -l line.blw
done
# Where the experts alone are smaller, the archive needs no model; never and best as they say.
check "a network that knows nothing of it" "$bitlaw" compress -q --mix full -m tiny -o best.blw line
"$bitlaw" list --json best.blw | grep -q '"model": "0000000000000000"'
judge "the experts alone are smaller" "$bitlaw" list best.blw
check "it is restored without a model" "$bitlaw" decompress -q -o best.restored best.blw
same "it is the line" line best.restored
check "never" "$bitlaw" compress -q --fallback never --mix full -m tiny -o never.blw line
(($(stat -c %s best.blw) < $(stat -c %s never.blw)))
judge "with the network it is larger" ls -l best.blw never.blw
# Samples of 16 bits, the lower byte first, an odd number of bytes: pairs change places and back.
# shellcheck disable=SC2059
printf "$(awk 'BEGIN { for (i = 0; i < 6000; ++i) { v = int(2000 * sin(i / 9) + 700 * sin(i / 2.3)) + 65536; printf "\\%03o\\%03o", v % 256, int(v / 256) % 256 } }')" >sound
printf x >>sound
check "sound" "$bitlaw" compress -q --mix full -m none sound
check "sound restored" "$bitlaw" decompress -q -o sound.restored sound.blw
same "sound is restored" sound sound.restored
(($(stat -c %s sound.blw) < 6000))
judge "sound is predicted" ls -l sound.blw
check "a chain through several blocks" "$bitlaw" compress -q --mix fast -m none --block-size 1000 -o chain.blw sample
check "its range" "$bitlaw" decompress -q --range 4500:5500 -o part chain.blw
tail -c +4501 sample | head -c 1000 >expected
same "a range of a chain" expected part
head -c 20000 /dev/urandom >noise
check "noise" "$bitlaw" compress -q --mix full -m none noise
(($(stat -c %s noise.blw) <= 20000 + 20 + 64))
judge "noise grows by at most 0.1 % and 64 bytes" ls -l noise.blw
: >empty
check "nothing" "$bitlaw" compress -q --mix full -m none empty
check "nothing restored" "$bitlaw" decompress -q -o nothing empty.blw
same "nothing is nothing" empty nothing
refuse "no network and no experts" 2 "leaves nothing that predicts" "$bitlaw" compress -m none --mix none sample
"$bitlaw" compress -q -m none --mix full -o named.blw sample
"$bitlaw" compress -q -m none -o unnamed.blw sample
same "-m none alone is the full set" named.blw unnamed.blw
refuse "an unknown set" 2 "choose none, fast or full" "$bitlaw" compress --mix best -m none sample
refuse "too little memory" 2 "--memory" "$bitlaw" compress --mix full -m none --memory 1000 sample
finish
