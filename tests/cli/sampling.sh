#!/bin/bash
# What is drawn without a network: by the experts alone and by compressors; the same for every instruction set and number of threads.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 3000 >prompt
isas=$(list_isas)
for isa in $isas; do
    for threads in 1 3; do
        BITLAW_ISA=$isa "$bitlaw" sample -T $threads -m none --prompt-file prompt --bytes 200 --seed 3 >$isa-$threads
        same "experts, $isa, $threads threads" "${isas%% *}-1" $isa-$threads
    done
done
(($(stat -c %s scalar-1) == 200))
judge "as many bytes as asked for" ls -l scalar-1
"$bitlaw" sample -m none --mix fast --prompt-file prompt --bytes 200 --seed 3 >fast
! cmp -s fast scalar-1
judge "another set draws another text" cat fast
yes 'one line, again and again' | head -c 2000 >line
yes 'one line, again and again' | head -c 2100 | tail -c 100 >expected
"$bitlaw" sample -m none --prompt-file line --bytes 100 --temperature 0 >drawn
same "experts go on with what repeats" expected drawn
for name in gzip xz; do
    "$bitlaw" sample --compressor $name --look-ahead 8 --temperature 0 --prompt-file line --bytes 100 >drawn
    same "$name goes on with what repeats" expected drawn
    "$bitlaw" sample -T1 --compressor $name --prompt-file prompt --bytes 60 --seed 5 >one
    "$bitlaw" sample -T3 --compressor $name --prompt-file prompt --bytes 60 --seed 5 >three
    same "$name with 1 and 3 threads" one three
done
refuse "a temperature of experts" 2 'bit by bit' "$bitlaw" sample -m none --temperature 0.5
refuse "a compressor and a model" 2 'without a model' "$bitlaw" sample --compressor gzip -m none
refuse "an unknown compressor" 2 'choose of' "$bitlaw" sample --compressor zip
refuse "no look-ahead" 2 'look-ahead' "$bitlaw" sample --compressor gzip --look-ahead 0
refuse "learning without a network" 2 'learn' "$bitlaw" sample -m none --learn
finish
