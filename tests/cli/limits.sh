#!/bin/bash
# The ends of every number that a user can give: each works, or is refused with one line and 2 (1 for what only a file can
# tell), never with a signal, never without end, never in more memory than there is.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 3000 >text
check "a model" "$bitlaw" train -q --data text --width 16 --layers 1 --context 32 --tokens 2K --batch-tokens 256 -o model
check "an archive" "$bitlaw" compress -q -m model -o text.blw text
printf '%s\n' "data = text" "held_out = text@2K:" "sizes = 8K" "layers = 1" "contexts = 32" "train_on = 1000" \
    "batch_bytes = 64" "batch_power = 0" >study.conf

# What makes a command line of each command whole, and cheap.
declare -A whole=(
    [train]="--data text@:2K --width 16 --layers 1 --context 32 --tokens 2048 --batch-tokens 256 --validation text@2K: -q -f -o out"
    [compress]="-m model -qfc text" [decompress]="-m model -qfc text.blw" [eval]="-m model --data text -q"
    [sample]="-m model --bytes 5 -q" [data]="random --bytes 2100 -qf -o set" [table]="--data text --compressors gzip --no-models -q"
    [bench]="--quick --only nothing -q" [study]="plan --calibrate 0 study.conf -q")
numbers_of() { "$bitlaw" "$1" --help | sed -nE 's/^  (-[A-Za-z-]+,)?--([a-z0-9-]+) (N|X)([= ].*|$)/\2/p' | sort -u; }

readonly worst=(0 18446744073709551615 18446744073709551616 -1 "" nan 1e999 "1 2")
tried=0 wrong=""
for command in "${!whole[@]}"; do
    numbers=$(numbers_of "$command")
    [[ -n $numbers ]] || not_ok "$command" "its help names no number"
    for number in $numbers; do
        for value in "${worst[@]}"; do
            # These are what they say, and would go on for as long.
            [[ $number == bytes && $command == sample && $value =~ ^[0-9]+$ ]] && continue
            words=${whole[$command]}
            [[ $number == minutes ]] && words=${words/--tokens 2048/}
            # shellcheck disable=SC2086
            ({ has_asan || ulimit -v 6000000; } && exec timeout 30 "$bitlaw" "$command" $words "--$number=$value") >"$work/out" 2>"$work/err" </dev/null
            code=$?
            tried=$((tried + 1))
            if ((code > 2)); then
                wrong+="$command --$number=$value: exit code $code: $(head -c 300 "$work/err")"$'\n'
            elif ((code != 0)) && { (($(grep -vc ": warning: " "$work/err") != 1)) || ! grep -q "^bitlaw: $command: " "$work/err"; }; then
                wrong+="$command --$number=$value: $(cat "$work/err")"$'\n'
            elif ((code == 0)) && [[ ! $value =~ ^[0-9]+$ ]]; then
                wrong+="$command --$number=$value: was taken"$'\n'
            fi
        done
    done
done
[[ -z $wrong && $tried -gt 300 ]]
judge "every number of every command" echo "$tried tried: $wrong"

# The same in a file, and in a study's config.
for line in "tokens=18446744073709551616" "tokens=0" "width=0" "width=8193" "learning_rate=1e400" "learning_rate=nan" "beta1=1" \
    "epsilon=0" "threads=257" "heads=4294967297" "preset=''" "validation_bytes=99999999999" "minutes=0"; do
    echo "$line" >one.conf
    key=${line%%=*}
    refuse "$line" 2 "one.conf:1: $key: " "$bitlaw" train --config one.conf --data text -o out2
done
for key in data out; do
    echo "$key=''" >empty.conf
    refuse "an empty $key in a file" 2 "empty.conf:1: $key: the name is empty" "$bitlaw" train --config empty.conf
done
refuse "validation of no sequence" 2 "validation_bytes is 5, which makes no sequence" \
    "$bitlaw" train --data text --validation text --context 64 --validation-bytes 5 -o out2
refuse "two names of one option" 2 "it is given under two names" "$bitlaw" train --data text --arithmetic fp32 --precision bf16 -o out2
refuse "an empty name of the data" 2 "--data: the name is empty" "$bitlaw" train --data "" -o out2
refuse "an empty folder" 2 "--out: the name is empty" "$bitlaw" train --data text -o ""
[[ ! -e out2 ]]
judge "nothing was written" ls out2
for line in "held_out_bytes = 18446744073709551615" "layers = 257" "rotary_base = 1" "taps = 17" "warmup = 0.6" "batch_bytes = 0" \
    "learning_rate = 0" "weight_decay = nan" "bootstrap = 5" "seeds = 18446744073709551616" "share_within = 0.5"; do
    { grep -v "^${line%% *} " study.conf; echo "$line"; } >odd.conf
    refuse "$line" 2 "odd.conf:[0-9]+: ${line%% *}: " "$bitlaw" study plan --calibrate 0 odd.conf
done

# Spellings of earlier versions are read, though the help no longer shows them.
check "older names of options" "$bitlaw" train -q --data text --width 16 --layers 1 --context 32 --tokens 2K --batch-tokens 256 \
    --precision fp32 --model-precision fp32 --lr 0.02 --matrix-lr 0.01 -o older
check "newer names of the same" "$bitlaw" train -q --data text --width 16 --layers 1 --context 32 --tokens 2K --batch-tokens 256 \
    --arithmetic fp32 --weight-format fp32 --learning-rate 0.02 --matrix-learning-rate 0.01 -o newer
same "the same model" older/model.blm newer/model.blm
check "older name in export" "$bitlaw" export -q -m older --model-precision int8 -o older.blm
check "older name in compress" "$bitlaw" compress -qc -m older --embed-model --model-precision int8 text
! "$bitlaw" train --help | grep -Eq -- "--precision|--model-precision"
judge "the help shows one name" "$bitlaw" train --help
finish
