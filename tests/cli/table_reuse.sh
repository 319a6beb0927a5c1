#!/bin/bash
# table --reuse: nothing is measured twice, and a stopped table goes on.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"

make_text 60000 >text
check "train" train_tiny model text@:50K --tokens 20K
# A program that leaves a line each time it runs, so that a second measurement shows.
counted='counted=echo >>ran; cp {in} {out}'
runs() { wc -l <ran; }
table=("$bitlaw" table --data text=text@:20K held=text@50K: --compressors "gzip,xz" -q)

"${table[@]}" --no-models --external "$counted" --json >first.json 2>err
[[ $? == 0 && $(runs) == 2 ]]
judge "a first table" cat err ran
"${table[@]}" -m tiny=model --external "$counted" --reuse first.json --json >second.json 2>err
[[ $? == 0 && $(runs) == 2 && $(grep -c '"reused_from": "first.json"' second.json) == 10 ]] &&
    [[ $(grep -c '"compressor": "tiny".*"reused_from": null' second.json) == 4 ]]
judge "with a model more, the model alone is measured" cat err second.json
# All that a cell says but where it was reused from.
for file in first second; do
    grep '"protocol"' $file.json | grep -v '"tiny"' | sed 's/"reused_from": [^}]*}.*//' >$file.cells
done
same "seconds and all else as in the first table" first.cells second.cells
"${table[@]}" -m other=model --external "$counted" --reuse missing/none.json >out 2>err
[[ $? == 1 && $(runs) == 2 ]] && grep -q 'cannot open missing/none.json' err
judge "a missing table is refused before any work" cat out err
"${table[@]}" -m other=model --external "$counted" --reuse second.json >out 2>err
[[ $? == 0 && $(runs) == 2 ]] && grep -Eq '^  second.json: 14 cells, ' out && grep -Eq '^other .*archive, reused$' out
judge "a renamed model, from a table that reused" cat out err
"${table[@]}" --compressors xz --no-models --external "$counted --" --reuse second.json --chunk 1000 --csv >out 2>err
[[ $? == 0 && $(grep -c 'second.json$' out) == 2 && $(grep -c '^unchunked,.*xz.*second.json$' out) == 2 ]]
judge "another command and another chunk are other measurements" cat out err
head -c 400 second.json >cut.json
refuse "a table that is cut off" 1 "cut.json is no JSON at byte 400" "${table[@]}" --no-models --reuse cut.json
sed 's/"seconds": [0-9.e-]*/"seconds": -1/' second.json >negative.json
refuse "a time that nothing took" 1 "negative.json: cell 1: its seconds is no possible number" "${table[@]}" --no-models --reuse negative.json
sed 's/"machine": "[^"]*"/"machine": "\\u001b[31m\\n"/' second.json >escape.json
"${table[@]}" --no-models --reuse escape.json >out 2>err
[[ $? == 0 ]] && grep -q 'escape.json: 8 cells, ?\[31m?, ' out
judge "a table's words do not steer the terminal" cat -v out err

model=("$bitlaw" table --data held=text@50K: -m tiny=model --compressors none --protocol unchunked -q)
"${model[@]}" --restore-models --reuse second.json --json >restored.json 2>err
[[ $? == 0 ]] && grep -q '"rate_from": "restored".*"reused_from": null' restored.json
judge "an archive that was not restored is not enough for --restore-models" cat restored.json err
"${model[@]}" --restore-models --reuse second.json restored.json --csv >out 2>err
[[ $? == 0 ]] && grep -q ',restored,.*,restored.json$' out
judge "a restored one is" cat out err
"${model[@]}" --reuse restored.json second.json --csv >out 2>err
[[ $? == 0 ]] && grep -q ',restored,.*,restored.json$' out
judge "and is enough without it too" cat out err
# The record of another training: the same weights give the same rates, but the origin is told by the record that is here.
sed 's/too short to tell/seen/' restored.json >lie.json
"${model[@]}" --reuse lie.json --csv >out 2>err
[[ $? == 0 ]] && grep -q ',too short to tell,,restored,.*,lie.json$' out
judge "seen or not is decided anew" cat out err

# A stop in the third program: what was measured before it, and what could be reused behind it, goes on from the partial table.
slow='slow=touch running; while test -e hold; do sleep 0.1; done; cp {in} {out}'
stopped=("${table[@]}" --no-models --external 'new=echo >>new; cp {in} {out}' "$slow" "$counted" -o t)
touch hold
"${stopped[@]}" --reuse first.json >out 2>err &
job=$!
wait_for 30 test -e running
kill -TERM $job
wait $job
[[ $? == 143 && ! -e t.json ]] && grep -q '^bitlaw: table: stopped by a signal; .*--reuse t.partial.json$' err &&
    grep -q '"complete": false' t.partial.json && [[ $(grep -c '"protocol"' t.partial.json) == 12 ]]
judge "a stopped table is kept" cat out err t.partial.json
rm hold
"${table[@]}" --no-models --external 'new=echo >>new; cp {in} {out}' "$slow" "$counted" --reuse t.partial.json --csv >out 2>err
[[ $? == 0 && $(runs) == 4 && $(wc -l <new) == 2 && $(grep -c ',t.partial.json$' out) == 12 && $(grep -c '^unchunked,,slow,.*,$' out) == 2 ]]
judge "and goes on with what is missing" cat out err ran new
finish
