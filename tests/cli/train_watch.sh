#!/bin/bash
# What training tells while it goes on: the machine, the time it takes, samples, and why it was given up.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 60000 >text
options=(--validation text@50K: --tokens 100K)

check "straight run" train_tiny straight text@:50K "${options[@]}"
"$bitlaw" train --data text@:50K "${tiny[@]}" -o sampled "${options[@]}" --sample-every 20 --sample-bytes 30 \
    --sample-prompt 'the ' 2>err
[[ $? == 0 && $(grep -c '^sample at step ' err) == 3 ]] && grep -Eq '^sample at step 48: .{10,}$' err
judge "samples on request, and at the end" cat err
same "samples change no bit of the model" straight/model.blm sampled/model.blm
same "nor of the state" straight/state.bls sampled/state.bls
same "nor are they options of the run" straight/train.conf sampled/train.conf
grep -Eq '^running on  [0-9]+ threads?, (scalar|avx2|avx512[a-z0-9]*), peak [0-9]+ GFLOP/s of fp32' err
judge "instruction set, threads and peak at the start" cat err
grep -Eq '^step 48 of 48, .* GFLOP/s, [0-9]+ % of peak, ' err
judge "the share of the peak" cat err

# How long it takes is known after a second of steps.
(exec "$bitlaw" train --data text@:50K "${tiny[@]}" -o long --tokens 500M 2>err) &
job=$!
wait_for 60 grep -Eq '^time +about ([0-9]+ h )?([0-9]+ min)?( ?[0-9.]+ s)? more: [0-9.]+ [KMG]?B/s over [0-9]+ steps?, [0-9]+ % of peak$' err
judge "the time that it takes" cat err
kill -TERM $job
wait_for 60 test -s long/state.bls
judge "the run can go on" ls long

# The progress line of a terminal, if script (bsdutils) can make one.
if command -v script >/dev/null; then
    script -qec "$bitlaw train --data text@:50K ${tiny[*]} -o shown --tokens 400K" /dev/null </dev/null >screen 2>&1
    tr '\r' '\n' <screen | grep -Eq '^step [0-9]+ of 195 +[0-9]+ % .*[0-9] bits/byte +[0-9]+ GFLOP/s, [0-9]+ % of peak'
    judge "the progress line" cat -v screen
fi

"$bitlaw" train --data text@:50K --architecture vanilla --width 32 --layers 4 --heads 1 --head-width 32 --context 64 \
    --batch-tokens 64 --tokens 2M --lr 10 --clip 0 --weight-decay 0 --diverged-after 20 -o hopeless >out 2>err
[[ $? == 1 ]] && tail -n 1 err | grep -Eq '^bitlaw: train: the run diverged: .* step [0-9]+.*; train anew \(-f\) with --lr 5, ' &&
    (($(wc -l <hopeless/metrics.csv) < 1000)) && [[ ! -e hopeless/model.blm ]]
judge "a hopeless run stops early and says what to try" cat err
finish
