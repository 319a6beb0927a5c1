#!/bin/bash
# A study from its config to the report: killed, shared by two processes, diverged, and refused where it makes no sense.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 40000 >text
make_text 60000 | tail -c 5000 >held

# write_config NAME [LINE...]
write_config() {
    local name=$1
    shift
    printf '%s\n' "data = text" "held_out = held" "held_out_bytes = 2000" "sizes = 8K 12K 16K" "layers = 1" \
        "contexts = 32" "train_on = 4000 passes 1 2 4" "train_on = 8000" "train_on = 16000" "share_within = 2" \
        "batch_bytes = 256" "batch_power = 0" "bootstrap = 20" "$@" >"$name.conf"
}
# rows NAME: run, status and rates, sorted: what no interruption may change.
rows() { tail -n +2 "$1/results.csv" | cut -d, -f1,2,20-22 | sort; }

write_config straight
refuse "an unknown key" 2 "odd.conf:14: there is no key 'colour'" \
    bash -c "{ cat straight.conf; echo 'colour = red'; } >odd.conf; '$bitlaw' study plan odd.conf"
refuse "an unknown action" 2 "'draw' is not known; choose plan" "$bitlaw" study draw straight.conf
refuse "a missing config" 1 "nowhere.conf" "$bitlaw" study plan nowhere.conf
refuse "fit before run" 1 "run the study first" "$bitlaw" study fit straight.conf

# Runs of any CSV file: L = 1 + 100 / N^0.5 + 100 / D^0.5.
{
    echo "size,tokens,nats"
    for n in 10000 40000 90000 160000 250000 1000000; do
        for d in 100 200 300 400 500; do
            echo "$n,$((d * d * 100)),$(awk -v n=$n -v d=$d 'BEGIN { printf "%.9g", 1 + 100 / sqrt(n) + 100 / (10 * d) }')"
        done
    done
} >runs.csv
check "fit of any runs" "$bitlaw" study fit --results runs.csv --size-column size --bytes-column tokens --loss-column nats --json
grep -Eq '"form": "additive", "parameter": "E", "value": (1|1.000[0-9]*|0.999[0-9]*),' "$work/out"
judge "fit of any runs finds their law" cat "$work/out"
refuse "runs without a column" 2 "there is no column 'parameters'; name it by --size-column; the columns are 'size', 'tokens', 'nats'" \
    "$bitlaw" study fit --results runs.csv
refuse "runs and a config" 2 "goes with 'study fit' and no config" "$bitlaw" study fit straight.conf --results runs.csv
refuse "a study without a config" 2 "CONFIG is missing" "$bitlaw" study plan

check "plan" "$bitlaw" study plan straight.conf --calibrate 0.3 --json
# By hand for the first network: width 12, one head of 16, MLP 48; backward costs twice forward; 2 operations a weight and
# byte; scores and values of the keys in a window of 16.
weights=$((4 * 12 * 16 + 2 * 12 * 48 + 256 * 12))
sequence=$((32 * 2 * weights + 4 * 16 * (16 * 17 / 2 + 16 * 16)))
grep -q '"runs": 15,' "$work/out" &&
    grep -q "\"n8K-u8K-p1-k32-s1\".*\"training_flops\": $((3 * sequence * 7936 / 32)), .*\"hours\": [0-9]" "$work/out"
judge "the plan's operations are exact" cat "$work/out"

# What run would refuse, plan says: all of it, with exit code 1.
write_config hopeless "folder = hopeless"
# planned NAME PATTERN [SED]: the plan of the config as changed says it cannot be run, and run refuses it.
planned() {
    sed "$3" hopeless.conf >changed.conf
    "$bitlaw" study plan --calibrate 0 changed.conf >out 2>err
    [[ $? == 1 && -s out ]] && grep -Eq "^bitlaw: study: it cannot be run: .*$2" err
    judge "plan: $1" cat err
    refuse "run: $1" "[12]" "$2" "$bitlaw" study run changed.conf
}
planned "data that are not there" "cannot open nofile" 's/^data = .*/data = nofile/'
planned "held-out data that are not there" "cannot open nofile" 's/^held_out = .*/held_out = nofile/'
planned "too few bytes" "text has 40000 bytes, but the config trains on 10000000" 's/^train_on = 16000/train_on = 10M/'
planned "held-out bytes among the data" "5,000 of 5,000 held-out bytes of text@10K:15K are among the first 16000 bytes" \
    's/^held_out = .*/held_out = text@10K:15K/'
head -c 12000 text | tail -c 4000 >part
planned "a copy of bytes that are trained on" "about 100 % of 4,000 held-out bytes of part also stand in the first 16000 bytes" \
    's/^held_out = .*/held_out = part/'
planned "held-out data below a sequence" "held: the range has 20 bytes, and at least 32" 's/^held_out = .*/held_out = held@:20/'
planned "a weight" "a study reads one file or range, without a weight" 's/^data = .*/data = text:0.5/'
planned "a folder that is a file" "is no folder" 's/^folder = .*/folder = text/'
mkdir -p hopeless && echo rubbish >hopeless/results.csv
planned "results that are none" "results.csv:1: the header is not" ''
rm -r hopeless
sed 's/^data = .*/data = nofile/; s/^held_out = .*/held_out = gone/' hopeless.conf >changed.conf
"$bitlaw" study plan --calibrate 0 changed.conf --json >out 2>err
[[ $? == 1 && $(wc -l <err) == 2 ]] && grep -q '"problems": \["cannot open nofile.*", "cannot open gone' out
judge "plan says all of it, in JSON too" cat out err
"$bitlaw" study plan --calibrate 0 straight.conf >out 2>err
[[ $? == 0 && ! -s err && ! -e straight ]]
judge "a plan that can be run says nothing, and writes nothing" cat err
sed 's/^held_out_bytes = .*/held_out_bytes = 6000/; s/^batch_bytes = .*/batch_bytes = 16/' hopeless.conf >changed.conf
"$bitlaw" study plan --calibrate 0 changed.conf >out 2>err
[[ $? == 0 ]] && grep -q "warning: the held-out data have 5,000 bytes, and not the 6,000 of held_out_bytes" err &&
    grep -q "warning: steps with the context 32 have one sequence, which is more than the config's batch" err
judge "plan warns of what is done otherwise" cat err
check "run" "$bitlaw" study run straight.conf -T1
[[ $(rows straight | wc -l) == 15 && $(grep -c ': .* bits/byte held out' "$work/err") == 15 ]]
judge "15 runs, a line each" cat "$work/err"
# A branch's own folder says how to make it without the study.
branch=$(echo straight/out/n8K-u4K-p1-k32-s1.*)
check "a run by its train.conf" "$bitlaw" train --config "$branch/train.conf" -o alone -q
cmp "$branch/model.blm" alone/model.blm
judge "it gives the branch's bytes" ls -l "$branch" alone
check "again" "$bitlaw" study run straight.conf
grep -q "done: 0 runs now, 15 before" "$work/err"
judge "nothing is repeated" cat "$work/err"

# Killed without mercy at several places, then run to the end.
write_config killed "folder = killed"
for after in 1 4 9; do
    "$bitlaw" study run killed.conf -T1 -q 2>/dev/null &
    job=$!
    # shellcheck disable=SC2016
    wait_for 60 bash -c '(($(tail -n +2 killed/results.csv | wc -l) >= '$after'))'
    kill -KILL $job
    wait $job 2>/dev/null
done
(($(rows killed | wc -l) < 15))
judge "it was killed before its end" rows killed
check "run to the end" "$bitlaw" study run killed.conf -T1 -q
[[ $(rows killed) == $(rows straight) ]]
judge "a killed study loses and repeats nothing, and gets the same bits" diff <(rows killed) <(rows straight)
refuse "a config that no longer fits its results" 2 "made with other settings" \
    bash -c "{ cat killed.conf; echo 'warmup = 0.1'; } >other.conf; '$bitlaw' study run other.conf"

# Two processes share one folder.
write_config shared
"$bitlaw" study run shared.conf -T1 -q 2>err1 &
first=$!
"$bitlaw" study run shared.conf -j2 -T2 -q 2>err2
second_code=$?
wait $first
first_code=$?
check "the rest of it" "$bitlaw" study run shared.conf -q
[[ $first_code == 0 && $second_code == 0 && $(rows shared) == $(rows straight) ]]
judge "two processes do each run once" cat err1 err2

# Ctrl-C saves and says how to go on.
write_config stopped "folder = stopped"
(trap - INT; exec "$bitlaw" study run stopped.conf -T1 -q 2>err) &
job=$!
wait_for 60 test -s stopped/results.csv
kill -INT $job
wait $job
code=$?
[[ $code == 130 ]] && grep -q "^bitlaw: study: stopped.*the same command goes on from there" err && ! grep -q -e --resume err
judge "SIGINT" cat err
check "go on" "$bitlaw" study run stopped.conf -T1 -q
[[ $(rows stopped) == $(rows straight) ]]
judge "the same bits after SIGINT" diff <(rows stopped) <(rows straight)

write_config wild "learning_rate = 1000" "weight_decay = 1000" "sizes = 8K"
sed -i '/^sizes = 8K 12K/d' wild.conf
check "a study that diverges" "$bitlaw" study run wild.conf -T1
[[ $(rows wild | grep -c ',diverged,') == 5 ]] && grep -q "5 diverged" "$work/err"
judge "diverged runs are recorded" cat wild/results.csv

check "fit" "$bitlaw" study fit straight.conf --json
for table in measured_optimum law optimum prediction residuals; do
    grep -q "\"$table\": \[" "$work/out" || echo "no $table"
done >missing
[[ ! -s missing ]]
judge "its tables as JSON" cat "$work/out"
grep -q '^{"no_law": null,$' "$work/out" && grep -q '^ "doubts": \[' "$work/out" && grep -q '"no_classical": null' "$work/out" &&
    grep -qE '"huber": (null|[0-9])' "$work/out" && ! grep -qE '"(value|unique_bytes|residual)": "' "$work/out"
judge "numbers are numbers, and what is missing has its reason" cat "$work/out"
check "fit writes CSV" test -s straight/fit/law.csv
write_config fewer "folder = straight"
sed -i 's/^sizes = .*/sizes = 8K 12K/' fewer.conf
check "fit of fewer sizes" "$bitlaw" study fit fewer.conf
grep -q "5 rows of other plans left out" "$work/err"
judge "rows of other plans are counted" cat "$work/err"
# Few bits a weight: a row for each run and number of bits; one that is there is not made again.
write_config bits "bits = 16 4" "folder = bits"
cp -r straight bits
check "run with bits" "$bitlaw" study run bits.conf -T1
[[ $(tail -n +2 bits/bits.csv | wc -l) == 30 ]] &&
    awk -F, 'NR > 1 && $3 == 4 { bits = 8 * $5 / $4; if (bits > 4.1 || bits < 3) exit 1 }' bits/bits.csv
judge "a row for each run and number of bits, of the size asked for" cat bits/bits.csv
sort bits/bits.csv >whole && sed -i 7,9d bits/bits.csv
check "run with bits again" "$bitlaw" study run bits.conf -T1 -q
sort bits/bits.csv | cmp -s - whole
judge "rows that were removed come again as they were" sort bits/bits.csv
check "fit with bits" "$bitlaw" study fit bits.conf
grep -q "^What few bits add to the law" "$work/out"
judge "the law with precision" cat "$work/out"

check "plot" "$bitlaw" study plot straight.conf
check "a picture" grep -q "<svg" straight/plots/adjusted.svg
check "report" "$bitlaw" study report straight.conf
check "its pictures' points are inside" grep -q '"style": "point"' straight/report.html
check "the same as text" grep -q "^Residuals of the law" straight/findings.txt
mv straight/plots/rate.svg drawn.svg
(cd straight/plots && gnuplot rate.gp) 2>err
same "a picture drawn again by its script alone" drawn.svg straight/plots/rate.svg
finish
