#!/bin/bash
# Training: what is written, what is refused, and that a run in pieces equals a run in one.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 60000 >text
options=(--validation text@50K: --tokens 200K)
data=text@:50K

check "straight run" train_tiny straight $data "${options[@]}"
for file in model.blm state.bls metrics.csv run.json; do
    check "writes $file" test -s straight/$file
done
[[ ! -s $work/err ]]
judge "-q" cat "$work/err"

grep -q '"command": "bitlaw train -q --data text@:50K ' straight/run.json
judge "run.json holds the command" cat straight/run.json
"$bitlaw" train --data $data "${tiny[@]}" -o deaf "${options[@]}" 2>&-
[[ $? == 0 && -z $(grep -Ev '^(step|[0-9]+),' deaf/metrics.csv) ]]
judge "messages do not land in a file when standard error is closed" head deaf/metrics.csv
same "its model" straight/model.blm deaf/model.blm

refuse "stops at a step" 1 "train: stopped after step 30 .*--resume" \
    train_tiny pieces $data "${options[@]}" --stop-after-steps 30
check "no model yet" test ! -e pieces/model.blm
refuse "the folder holds a run" 1 "already holds a run" train_tiny pieces $data "${options[@]}"
refuse "resume with other options" 2 "seed" train_tiny pieces $data "${options[@]}" --resume --seed 7
refuse "resume with another cache" 2 "another value of cache" train_tiny pieces $data "${options[@]}" --resume --cache fp32
refuse "resume in fp32" 2 "another value of arithmetic" train_tiny pieces $data "${options[@]}" --resume --arithmetic fp32
refuse "resume with other data" 2 "text" train_tiny pieces text@1K:51K "${options[@]}" --resume
refuse "resume of nothing" 2 "holds no state.bls" train_tiny nothing $data "${options[@]}" --resume
check "resume" train_tiny pieces $data "${options[@]}" --resume
same "resumed model" straight/model.blm pieces/model.blm
same "resumed state" straight/state.bls pieces/state.bls

for signal in TERM INT; do
    # Not through a function: the signal must reach the tool, and a background job would ignore SIGINT.
    (trap - INT; exec "$bitlaw" train --data $data "${tiny[@]}" -o $signal "${options[@]}" 2>err) &
    job=$!
    wait_for 60 grep -q "^10," $signal/metrics.csv
    kill -$signal $job
    wait $job
    code=$?
    # Ended by the signal once all is saved.
    [[ $code == $((128 + $(kill -l $signal))) && $(tail -n 1 err) == "bitlaw: train: stopped after step "*--resume* ]]
    judge "SIG$signal saves and says how to go on" tail -n 1 err
    check "resume after SIG$signal" train_tiny $signal $data "${options[@]}" --resume
    same "model after SIG$signal" straight/model.blm $signal/model.blm
    same "state after SIG$signal" straight/state.bls $signal/state.bls
done

check "--force trains anew" train_tiny pieces $data "${options[@]}" --force
same "the same run again" straight/model.blm pieces/model.blm
check "--micro-batch-tokens changes no bit" train_tiny micro $data "${options[@]}" --micro-batch-tokens 512
same "model of small micro-batches" straight/model.blm micro/model.blm

"$bitlaw" train --data text "${tiny[@]}" --tokens 8K --validation text@:5K -o said >out 2>err
[[ $? == 0 && ! -s out ]] && grep -q "^network .*width 32" err &&
    grep -q "^optimizer .*peak learning rate" err &&
    grep -Eq "^step 3 of 3, .*validation [0-9.]+ bits/byte" err &&
    grep -Eq "^done: said/model.blm, model [0-9a-f]{16}" err
judge "says what is in force, each validation and the end" cat err
check "--minutes" train_tiny timed $data --minutes 0.03
check "vanilla by override" train_tiny vanilla $data --tokens 40K --architecture vanilla
check "bf16" train_tiny mixed $data --tokens 4K --arithmetic bf16
"$bitlaw" info mixed | grep -q "^products in  *bf16$" && "$bitlaw" info | grep -q "^bf16 products "
judge "info says the precision" "$bitlaw" info mixed
check "a preset" \
    "$bitlaw" train -q --data text --preset vanilla-200k --context 128 --tokens 2K --batch-tokens 1K -o preset
"$bitlaw" info preset | grep -q "^parameters .*231,936"
judge "its parameters" "$bitlaw" info preset
mkdir -p sets && cp text sets/mine
check "a data set by its name" env BITLAW_DATA=nowhere:sets \
    "$bitlaw" train -q --data mine@1K: "${tiny[@]}" --tokens 4K -o named
# ---- What cannot be done as asked, and runs that end badly ----------------------------------------------------------------
refuse "a batch above the budget" 2 "one step of 5,000,000 bytes, the batch tokens, is more than the whole budget of 20,000" \
    train_tiny large text --tokens 20K --batch-tokens 5M
refuse "a sequence above the budget" 2 "one step of 512 bytes, one sequence of the context, is more than" \
    train_tiny large text --tokens 300 --batch-tokens 100 --context 512
check "nothing was begun" test ! -e large
refuse "a rate of an optimizer that is not there" 2 "are Muon's" train_tiny large text --tokens 20K --optimizer adamw --matrix-lr 0.1
# warned PATTERN OPTION...: trains and is told a line of this pattern before the plan's work, unless -qq is given.
warned() {
    local pattern=$1 name="warns: $1"
    shift
    rm -rf warned
    "$bitlaw" train -q "${tiny[@]}" --tokens 8K -o warned "$@" >out 2>err
    [[ $? == 0 && $(grep -c . err) == 1 ]] && grep -Eq "^bitlaw: train: warning: $pattern" err
    judge "$name" cat err
}
warned "a step has 64 bytes, whole sequences of 64, and not the 100 of the batch" --data text --batch-tokens 100
warned "the run has 6,144 bytes, 3 steps of 2,048, and not the 8,000 asked for" --data text
warned "the validation data have whole sequences of 9,984 bytes, and not the 20,000 asked for" --tokens 8192 \
    --data text@:50K --validation text@50K: --validation-bytes 20K
warned "4,992 of 9,984 validation bytes are among the training data, so the validation rate is in-sample" --tokens 8192 \
    --data text@:44992 --validation text@40K:50K --validation-bytes 9984
cp text copy
warned "about 100 % of 9,984 validation bytes also stand in the training data" --tokens 8192 \
    --data text --validation copy@:10K --validation-bytes 9984
rm -rf warned
check "-qq keeps quiet" "$bitlaw" train -qq --data text "${tiny[@]}" --tokens 8K -o warned
[[ ! -s $work/err ]]
judge "nothing is said" cat "$work/err"
"$bitlaw" train --data text "${tiny[@]}" --tokens 8192 --validation copy@:10K -o seen >out 2>err
[[ $? == 0 ]] && grep -q "^done: .*bits/byte, in-sample, " err
judge "the last line says in-sample" cat err
head -c 60000 /dev/urandom >noise
"$bitlaw" train --data text@:30K --validation noise "${tiny[@]}" --tokens 100K -o bad >out 2>err
[[ $? == 1 && -s bad/model.blm ]] && tail -n 1 err | grep -q "^bitlaw: train: the run ended at .* bits/byte of the validation data, more than the 8" &&
    grep -q '"status": "diverged"' bad/run.json
judge "a model that is worse than none is told and fails" cat err
"$bitlaw" train -q --data text --architecture vanilla --width 32 --layers 4 --heads 1 --head-width 32 --context 64 --tokens 200K \
    --lr 10 --clip 0 --weight-decay 0 -o worse >out 2>err
[[ $? == 1 ]] && tail -n 1 err | grep -Eq "^bitlaw: train: the run (ended at .* in training, more than the 8 of no model|diverged)"
judge "a finite divergence fails" cat err
# ---- Options from a file --------------------------------------------------------------------------------------------
check "train.conf repeats the run" "$bitlaw" train -q --config straight/train.conf -o again
check "with the same bytes" cmp straight/model.blm again/model.blm
check "the command line counts first" "$bitlaw" train -q --config straight/train.conf --seed 77 -o other
check "another seed, another model" bash -c "! cmp -s straight/model.blm other/model.blm"
echo "bogus=1" >bogus.conf
refuse "an unknown name in the file" 2 "bogus.conf:1: there is no key 'bogus'" "$bitlaw" train -q --config bogus.conf --data text --tokens 1K -o other2
printf '\001\002 = \003\n' >binary.conf
refuse "a file of other bytes" 2 "binary.conf:1: .* is no line of the form key = value" \
    "$bitlaw" train -q --config binary.conf --data text --tokens 1K -o other2
refuse "a file that is not there" 1 "none.conf" "$bitlaw" train -q --config none.conf --data text --tokens 1K -o other2
finish
