#!/bin/bash
# Networks of tokens: trained, resumed, measured, coded with, and what cannot be.
source "$(dirname "$0")/common.bash"
make_text 300000 >text
make_text 330000 | tail -c 30000 >held
check "a tokenizer" "$bitlaw" tokenizer train -q --data text --size 320 -o words.blt
check "another one" "$bitlaw" tokenizer train -q --data text --size 300 -o other.blt
check "an alphabet of the bytes that occur" "$bitlaw" tokenizer train -q --data text --size bytes -o bytes.blt
tokens=("${tiny[@]}" --tokenizer words.blt --validation held --tokens 150K)

check "training on tokens" "$bitlaw" train --data text "${tokens[@]}" -o whole --sample-every 10 --sample-bytes 20
grep -Eq '^tokenizer +words.blt: [0-9]+ symbols, [0-9.]+ bytes a token' "$work/err" && grep -q 'sample at step 10:' "$work/err"
judge "says so" cat "$work/err"
awk -F, 'END { exit !($2 > 130000 && $2 < 160000) }' whole/metrics.csv
judge "as many bytes as were asked for" tail -1 whole/metrics.csv
awk -F, 'END { exit !($4 > 0 && $4 < 4.5) }' whole/metrics.csv
judge "and rates of bytes" tail -1 whole/metrics.csv

refuse "a run that is stopped" '*' 'stopped after step 5' "$bitlaw" train -q --data text "${tokens[@]}" -o parts --stop-after-steps 5
refuse "resumed with another tokenizer" 2 'another value of tokenizer' "$bitlaw" train -q --data text "${tokens[@]}" --tokenizer other.blt -o parts --resume
refuse "or with none" 2 'another value of' "$bitlaw" train -q --data text "${tiny[@]}" --validation held --tokens 150K -o parts --resume
cp words.blt elsewhere.blt
check "resumed with the same one, whatever its name" "$bitlaw" train -q -T 1 --data text "${tiny[@]}" --tokenizer elsewhere.blt --validation held --tokens 150K -o parts --resume
same "the same model" whole/model.blm parts/model.blm
same "the same state" whole/state.bls parts/state.bls
check "and from its train.conf" "$bitlaw" train -q --config whole/train.conf -o again
same "the same model again" whole/model.blm again/model.blm
check "the model of the state" "$bitlaw" export --from-state --weight-format bf16 -m whole -o state.blm
check "codes too" "$bitlaw" eval -m state.blm --data held@0:2K
check "info says of what" "$bitlaw" info whole/model.blm
grep -q '^pairs that join' "$work/out"
judge "with its tokenizer" cat "$work/out"

# The rate of eval is the size of an archive.
head -c 20000 held >piece
check "eval" "$bitlaw" eval --json -m whole/model.blm --data piece
check "an archive" "$bitlaw" compress -q --fallback never -m whole/model.blm -o piece.blw piece
(($(stat -c %s piece.blw) < 12000))
judge "is smaller" stat -c %s piece.blw
head -c 3000 /dev/urandom >noise
: >nothing
printf '\x00\xff\xc3\xa9zZ%%' >strange
for file in piece noise nothing strange; do
    for options in "" "--mix fast" "--learn --mix none"; do
        [[ $file == piece && $options == --mix* ]] && continue
        # shellcheck disable=SC2086
        check "coded: $file $options" "$bitlaw" compress -q -f $options --fallback never -m whole/model.blm -o a.blw "$file"
        check "restored: $file $options" "$bitlaw" decompress -q -f -m whole/model.blm -o restored a.blw
        same "the same bytes: $file $options" "$file" restored
    done
done
check "sample" "$bitlaw" sample -m whole/model.blm --bytes 30 --prompt 'the '

check "training on the bytes that occur" "$bitlaw" train -q --data text "${tiny[@]}" --tokenizer bytes.blt --tokens 20K -o cut
for file in piece noise nothing strange; do
    check "coded by the cut alphabet: $file" "$bitlaw" compress -q -f --fallback never -m cut/model.blm -o a.blw "$file"
    check "restored: $file" "$bitlaw" decompress -q -f -m cut/model.blm -o restored a.blw
    same "the same bytes: $file" "$file" restored
done
check "weighted data" "$bitlaw" train -q --data text:0.7 held:0.3 "${tiny[@]}" --tokenizer words.blt --tokens 20K -o weighted

refuse "a tokenizer that is not there" 1 'nowhere' "$bitlaw" train -q --data text "${tiny[@]}" --tokenizer nowhere -o x
refuse "text as a tokenizer" 1 'tokenizer train' "$bitlaw" train -q --data text "${tiny[@]}" --tokenizer text -o x
head -c 50 words.blt >short.blt
refuse "a tokenizer that is cut off" 1 'short.blt' "$bitlaw" train -q --data text "${tiny[@]}" --tokenizer short.blt -o x
refuse "too few tokens" 1 'tokens, and at least' "$bitlaw" train -q --data text@0:70 "${tiny[@]}" --tokenizer words.blt -o x
refuse "too few to validate" 2 'fewer tokens' "$bitlaw" train -q --data text --validation held@0:70 "${tiny[@]}" --tokenizer words.blt -o x
[[ ! -e x/model.blm ]]
judge "nothing is left of what was refused" ls
finish
