#!/bin/bash
# The same bytes for every instruction set and thread count, in training and in archives, crossed.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 40000 >text
head -c 5000 text >sample
isas=$(list_isas)
[[ -n $isas ]]
judge "instruction sets: $isas" echo "none"

export BITLAW_ISA=scalar
check "reference" train_tiny reference text --tokens 12K -T 1
check "reference in bf16" train_tiny reference-bf16 text --tokens 12K -T 1 --arithmetic bf16
check "reference archive" "$bitlaw" compress -q -T1 -m reference --streams 5 sample
check "reference archive in bf16" "$bitlaw" compress -q -T1 -m reference-bf16 --streams 5 -o bf16.blw sample
for isa in $isas; do
    export BITLAW_ISA=$isa
    for threads in 1 2 3; do
        name=$isa-$threads
        train_tiny $name text --tokens 12K -T $threads
        same "model of $isa, $threads threads" reference/model.blm $name/model.blm
        same "state of $isa, $threads threads" reference/state.bls $name/state.bls
        train_tiny $name-bf16 text --tokens 12K -T $threads --arithmetic bf16
        same "bf16 model of $isa, $threads threads" reference-bf16/model.blm $name-bf16/model.blm
        same "bf16 state of $isa, $threads threads" reference-bf16/state.bls $name-bf16/state.bls
        "$bitlaw" compress -q -T $threads -m reference-bf16 --streams 5 -o $name-bf16.blw sample
        same "bf16 archive of $isa, $threads threads" bf16.blw $name-bf16.blw
        "$bitlaw" decompress -q -T $threads -m reference-bf16 -o $name-bf16.restored bf16.blw
        same "bf16 restored by $isa, $threads threads" sample $name-bf16.restored
        "$bitlaw" compress -q -T $threads -m reference --streams 5 -o $name.blw sample
        same "archive of $isa, $threads threads" sample.blw $name.blw
        "$bitlaw" decompress -q -T $threads -m reference -o $name.restored sample.blw
        same "restored by $isa, $threads threads" sample $name.restored
    done
    "$bitlaw" sample -m reference --bytes 200 --seed 3 >$isa.text
    "$bitlaw" sample -m reference --bytes 200 --seed 3 --temperature 0.7 >>$isa.text
    same "sample of $isa" "${isas%% *}.text" $isa.text
    "$bitlaw" eval --json -m reference --data sample | grep -o '"raw_rate": [^,]*' >$isa.rate
    judge "estimate of $isa" echo "no rate"
    same "same estimate" "${isas%% *}.rate" $isa.rate
done
finish
