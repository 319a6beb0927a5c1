#!/bin/bash
# Weights that are rounded while they are trained: sizes, exact resume, rates, and what is refused.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 60000 >text
options=(--validation text@50K: --validation-bytes 10K --tokens 200K --weight-bits 4)
data=text@:50K

# value FILE NAME: a number of info --json.
value() { "$bitlaw" info --json "$1" | grep -o "\"$2\": *[0-9]*" | grep -o '[0-9]*$'; }

check "weights of 4 bits" train_tiny straight $data "${options[@]}"
"$bitlaw" info straight | grep -q "^weights stored in  *trellis$"
judge "the file says so" "$bitlaw" info straight
parameters=$(value straight parameters)
stored=$(value straight stored_bytes)
# 100 bytes of header.
((stored * 8 <= parameters * 4 + 800 && stored * 8 > parameters * 39 / 10))
judge "the size is the one asked for" echo "$stored bytes, $parameters weights"
grep -q "^weight_bits=4$" straight/train.conf && grep -q "^weight_bits_from=0.8$" straight/train.conf
judge "train.conf has the options" cat straight/train.conf
check "of its options again" "$bitlaw" train -q --config straight/train.conf -o again
same "the same model" straight/model.blm again/model.blm

refuse "stops while weights are rounded" 1 "stopped after step 90 " \
    train_tiny pieces $data "${options[@]}" --stop-after-steps 90
check "a state's weights" "$bitlaw" export -q -m pieces --from-state --weight-format fp32 -o exact.blm
refuse "resume with other bits" 2 "give the same weight bits" train_tiny pieces $data "${options[@]}" --resume --weight-bits 5
check "resume" train_tiny pieces $data "${options[@]}" --resume
same "resumed model" straight/model.blm pieces/model.blm
same "resumed state" straight/state.bls pieces/state.bls
for isa in $(list_isas); do
    BITLAW_ISA=$isa check "training with $isa" train_tiny $isa $data --tokens 12K --weight-bits 4 --weight-bits-from 0.5 -T 2
    same "model of $isa" scalar/model.blm $isa/model.blm
done

check "in bf16" train_tiny plain $data "${options[@]:0:6}"
check "rounded afterwards" "$bitlaw" export -q -m plain --bits 4 --calibrate $data -o plain-4.blm
estimate() { "$bitlaw" eval --json -m "$1" --data text@50K: | grep -o '"estimated_bytes": *[0-9]*' | grep -o '[0-9]*$'; }
(($(estimate straight) < $(estimate plain) * 115 / 100))
judge "costs little" echo "$(estimate plain) in bf16, $(estimate plain-4.blm) rounded afterwards, $(estimate straight) rounded while training"
check "compress with it" "$bitlaw" compress -q -m straight -o text.blw text
check "restore" "$bitlaw" decompress -q -m straight -o restored text.blw
same "restored" text restored

check "begins with a model" "$bitlaw" train -q --data $data --from plain --batch-tokens 2048 --tokens 40K --lr 0.005 \
    --matrix-lr 0.005 --weight-bits 3 --weight-bits-from 0.3 -o from
(($(value from stored_bytes) * 8 <= parameters * 3 + 800))
judge "3 bits of that model" "$bitlaw" info from
refuse "a network beside the model's" 2 "brings its own network; leave out --width" \
    "$bitlaw" train -q --data $data --from plain --width 64 -o none
refuse "more bits than are levels" 2 "must be a number in" train_tiny none $data "${options[@]}" --weight-bits 13
refuse "no bits" 2 "must be more than 0" train_tiny none $data "${options[@]}" --weight-bits 0
refuse "a share above 1" 2 "must be a number in" train_tiny none $data "${options[@]}" --weight-bits-from 1.5
refuse "bits of fp32" 2 "this run asks for fp32" train_tiny none $data "${options[@]}" --weight-format fp32
refuse "bits of int8" 2 "int8 is made of a trained model" train_tiny none $data "${options[@]}" --weight-format int8
refuse "levels without bits" 2 "give weight bits" train_tiny none $data --tokens 200K --weight-format trellis
check "nothing was begun" test ! -e none
finish
