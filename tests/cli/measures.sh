#!/bin/bash
# info, eval, sample and bench.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"

# The paper's counts, and ours.
while read -r preset count; do
    "$bitlaw" info "$preset" | grep -Eq "^parameters +$count\$"
    judge "info $preset: $count" "$bitlaw" info "$preset"
done <<'END'
vanilla-200k 231,936
vanilla-800k 856,832
vanilla-3.2m 3,286,272
END
for preset in 200k 800k 3.2m; do
    "$bitlaw" info --json $preset | grep -Eq '"parameters": [0-9]+,$'
    judge "info --json $preset" "$bitlaw" info --json $preset
done
check "info alone" "$bitlaw" info

make_text 60000 >text
head -c 500 /dev/urandom >noise
check "train" train_tiny model text@:50K --tokens 20K
"$bitlaw" eval -m model --data text@10K:20K text@50K: noise --json >eval.json 2>err
code=$?
origin() { sed -n "s/.*\"file\": \"$1\", \"origin\": \"\([^\"]*\)\".*/\1/p" eval.json; }
[[ $code == 0 && $(origin text@10K:20K) == seen && $(origin text@50K:) == "too short to tell" ]]
judge "a range that was read, and one too short to tell" cat eval.json err
# By content: a part cut out of the training data is seen, wherever it lies now; other text is not; an older file knows nothing.
make_text 700000 >long
check "train on more" train_tiny content long --tokens 20K
head -c 500000 long | tail -c 200000 >cut
tr a-z b-za <cut >other
cat other cut >half
"$bitlaw" eval -m content --data cut other half --json >eval.json 2>err
[[ $(origin cut) == seen && $(origin other) == held-out && $(origin half) == seen ]] &&
    grep -q '"file": "cut".*"seen_share": 1[,.0]' eval.json && grep -Eq '"file": "half".*"seen_share": 0\.[45]' eval.json &&
    grep -q '"file": "other".*"seen_share": 0[,.0]' eval.json
judge "seen and held-out by content" cat eval.json err
refuse "--seen of other data" 1 "no data given by --seen are those" "$bitlaw" export -m content --seen cut -o other.blm
check "export --seen" "$bitlaw" export -q -m content --seen long -o again.blm
same "the sample that training wrote" again.blm content/model.blm
"$bitlaw" export -q -m content --from-state --weight-format bf16 -o bare.blm
"$bitlaw" eval -m bare.blm --data cut --json >eval.json 2>err
[[ $(origin cut) == unknown ]]
judge "without a sample nothing is known" cat eval.json err

# The estimate is what an archive of the same bytes takes: within 0.1 % + 32 bytes a stream.
tail -c +50001 text >held
# number KEY COMMAND...: the value of a key in what the command prints as JSON.
number() {
    local key=$1
    shift
    "$bitlaw" "$@" --json | sed -n "s/.*\"$key\": \([0-9]*\),.*/\1/p"
}
for file in held noise; do
    "$bitlaw" compress -q --fallback never -m model $file
    estimate=$(number estimated_bytes eval -m model --data $file)
    actual=$(stat -c %s $file.blw)
    streams=$(number streams list $file.blw)
    difference=$((estimate > actual ? estimate - actual : actual - estimate))
    ((difference * 1000 <= actual + 32000 * (streams > 0 ? streams : 1)))
    judge "estimate of $file" echo "$estimate for $actual bytes"
done
check "chunked" "$bitlaw" eval -m model --data held --protocol chunked --chunk 64
grep -q "independent chunks of 64 bytes" "$work/out"
judge "says its protocol" cat "$work/out"
refuse "one bad file of two" 1 "cannot open missing" "$bitlaw" eval -m model --data missing held
grep -q "^held " "$work/out"
judge "the other is measured" cat "$work/out"

# A network that learns: eval's figure is its archive's.
for model in model init:50k:3; do
    for mix in none fast; do
        "$bitlaw" compress -q -f --fallback never --learn --mix $mix -m $model -o learned.blw held
        [[ $(number estimated_bytes eval --learn --mix $mix -m $model --data held) == $(stat -c %s learned.blw) ]]
        judge "eval --learn --mix $mix of $model" ls -l learned.blw
    done
done
"$bitlaw" eval --learn --learn-rate 0 -m model --data held --json >eval.json 2>err
[[ $(number estimated_bytes eval --learn --learn-rate 3e-3 -m model --data held) -lt $(sed -n 's/.*"estimated_bytes": \([0-9]*\),.*/\1/p' eval.json) ]] &&
    grep -q '"protocol": "learning"' eval.json
judge "what is learned pays" cat eval.json err
refuse "eval: a recipe without learning" 2 "add --learn" "$bitlaw" eval --learn-rate 1 -m model --data held
refuse "eval: no network that learns" 2 "leaves nothing that learns" "$bitlaw" eval --learn --mix fast -m none --data held
refuse "eval: chunks learn nothing" 2 "chunks are independent" "$bitlaw" eval --learn -m model --data held --protocol chunked

head -c 1200 text | tr a-z n-za-m >noise.text
sample() { "$bitlaw" sample -m model --prompt 'the ' --bytes 300 "$@"; }
sample --seed 5 >first
judge "sample" cat first
sample --seed 5 >again
same "the same seed, the same text" first again
(($(wc -c <first) == 300))
judge "as many bytes as asked for" wc -c <first
sample --seed 6 >other
! cmp -s other first
judge "another seed, another text" cat other
prompt=$(head -c 1200 noise.text)
learned() { "$bitlaw" sample -m model --prompt "$prompt" --bytes 100 --seed 5 --learn --learn-rate "$@"; }
learned 3e-3 -T 1 >first
BITLAW_ISA=avx2 learned 3e-3 -T 2 >again
[[ $(wc -c <first) == 100 ]] && cmp first again
judge "what is sampled while learning is the same everywhere" cat first
learned 0 >other
"$bitlaw" sample -m model --prompt "$prompt" --bytes 100 --seed 5 >frozen
! cmp -s first other && cmp other frozen
judge "sample learns its prompt, and with a rate of 0 it is frozen" cat first other frozen
refuse "sample: a recipe without learning" 2 "add --learn" "$bitlaw" sample --learn-segment 8 -m model
sample --temperature 0 --seed 1 >first
sample --temperature 0 --seed 2 >again
same "temperature 0 draws nothing" first again

"$bitlaw" bench --quick --runs 1 --json >bench.json 2>err
[[ $? == 0 ]] && (($(grep -c '"name": ' bench.json) >= 30))
judge "bench" cat bench.json err
# A list of rows, each with all its members.
number='[0-9.e+-]+'
row='  \{"name": "[^"]+", "gflops": '$number', "share": '$number', "peer": null, "ratio": null, "bytes_per_second": (null|'$number'), '
row+='"machine": "[^"]+", "threads": [0-9]+, "isa": "[a-z0-9]+", "runs": 1, "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}"\},?'
[[ $(head -n 1 bench.json) == "[" && $(tail -n 1 bench.json) == "]" ]] && ! sed '1d;$d' bench.json | grep -Evqx "$row"
judge "bench: rows" grep -Evx "$row" bench.json
"$bitlaw" bench --quick --runs 1 --threads 1 --only "product 32x" >bench.txt 2>err
[[ $? == 0 && $(grep -c '^product' bench.txt) == 2 && $(grep -c '^product 32x' bench.txt) == 2 ]] &&
    grep -Eq '^kernel or step .*GFLOP/s +share of peak +best peer +ratio$' bench.txt
judge "bench --only" cat bench.txt err
refuse "bench --only nothing" 2 "no kernel or step" "$bitlaw" bench --quick --only "xyz"
finish
