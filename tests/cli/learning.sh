#!/bin/bash
# Learning while coding: the same archive for every instruction set and thread count, restored crossed; from a model and from a seed.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 40000 >text
head -c 20000 text >sample
isas=$(list_isas)
[[ -n $isas ]]
judge "instruction sets: $isas" echo "none"
check "a model" train_tiny tiny text --tokens 12K -T 1
mkdir made
recipe="--learn --learn-segment 128 --learn-window 256 --learn-rate 3e-3 --learn-replay 1"

for model in tiny init:50k:7; do
    name=${model//:/-}
    reference=made/$name.blw
    # shellcheck disable=SC2086
    BITLAW_ISA=avx2 check "$name learns" "$bitlaw" compress -q -T1 $recipe -m $model -o $reference sample
    restores_with=$([[ $model == init:* ]] || echo "-m $model")
    for isa in $isas; do
        # The plain kernels are slow.
        for threads in $([[ $isa == scalar ]] && echo 2 || echo 1 2 3); do
            export BITLAW_ISA=$isa
            made=made/$name-$isa-$threads
            # shellcheck disable=SC2086
            "$bitlaw" compress -q -T "$threads" $recipe -m $model -o $made.blw sample
            same "$name: archive of $isa, $threads threads" $reference $made.blw
            # shellcheck disable=SC2086
            "$bitlaw" decompress -q -T "$threads" $restores_with -o $made.restored $reference
            same "$name: restored by $isa, $threads threads" sample $made.restored
            unset BITLAW_ISA
        done
    done
done

# shellcheck disable=SC2086
check "a chain through several blocks" "$bitlaw" compress -q $recipe -m tiny --block-size 9000 --fallback never -o chain.blw sample
check "its range" "$bitlaw" decompress -q -m tiny --range 9500:10500 -o part chain.blw
tail -c +9501 sample | head -c 1000 >expected
same "a range of a chain" expected part
check "an embedded model learns too" "$bitlaw" compress -q --learn -m tiny --embed-model -o embedded.blw sample
check "it restores alone" "$bitlaw" decompress -q -o embedded embedded.blw
same "what was embedded" sample embedded
: >empty
check "nothing" "$bitlaw" compress -q --learn -m init:50k empty
check "nothing restored" "$bitlaw" decompress -q -o nothing empty.blw
same "nothing is nothing" empty nothing
head -c 3000 /dev/urandom >noise
check "noise" "$bitlaw" compress -q --learn --learn-rate 1e30 -m init:50k noise
(($(stat -c %s noise.blw) <= 3000 + 3 + 200))
judge "noise is stored" ls -l noise.blw
head -c 3000 sample >short
check "a rate that destroys the network" "$bitlaw" compress -q --learn --learn-rate 1e30 --fallback never -m init:50k short
check "restored all the same" "$bitlaw" decompress -q -o short.restored short.blw
same "a rate that destroys the network loses nothing" short short.restored
truncate -s 4G hours
timeout -s INT 2 "$bitlaw" compress --learn -m init:50k hours >out 2>err
grep -q "warning: to restore this, one core with AVX2 will take about [0-9.]* hours" err && [[ ! -e hours.blw ]]
judge "what takes hours to restore is said before" cat out err
timeout -s INT 1 "$bitlaw" compress -q --learn -m init:50k hours >out 2>err
! grep -q warning err
judge "unless quiet" cat out err
rm hours
make_text 100000 >long
check "an archive that takes a while" "$bitlaw" compress -q --learn --fallback never -m init:50k -o init-50k.blw long
refuse "a full disk while it learns" 1 "No space left" bash -c "'$bitlaw' compress --learn -m tiny -c sample >/dev/full"
refuse "a full disk while it is learned again" 1 "No space left" "$bitlaw" decompress -o /dev/full embedded.blw
head -c -40 embedded.blw >cut.blw
refuse "a learning archive cut short" 1 "cut.blw" "$bitlaw" decompress -o cut cut.blw
[[ ! -e cut ]]
judge "nothing of it is left" ls
"$bitlaw" decompress -q -o slow init-50k.blw 2>err &
job=$!
wait_for 20 bash -c "ls | grep -q 'slow.tmp-'"
kill -TERM $job
wait $job
[[ $? == 143 ]] && ! ls | grep -q slow
judge "a kill while it is learned again leaves nothing" ls
refuse "learning without a network" 2 "leaves nothing that learns" "$bitlaw" compress --learn -m none sample
refuse "fresh weights that do not learn" 2 "add --learn" "$bitlaw" compress -m init:50k sample
refuse "a recipe without learning" 2 "add --learn" "$bitlaw" compress --learn-rate 1 -m tiny sample
refuse "an odd segment" 2 "must be even" "$bitlaw" compress --learn --learn-segment 33 -m tiny sample
refuse "too many rows" 2 "4096" "$bitlaw" compress --learn --learn-segment 4096 -m tiny sample
refuse "an unknown preset" 2 "preset" "$bitlaw" compress --learn -m init:9k sample
refuse "a seed that is none" 2 "seven" "$bitlaw" compress --learn -m init:50k:seven sample
finish
