#!/bin/bash
# What bitlaw writes, bitlaw reads: any name of a file, any line ends, with and without a byte order mark.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 20000 >text
small=(--width 16 --layers 1 --context 32 --tokens 2K --batch-tokens 256 -q)

# ---- Names ----------------------------------------------------------------------------------------------------------
names=('C#.txt' '#1.txt' $'a\nb' $'c\xff' "it's" 'say "x\y"' ' a b ' '[1, 2]' 'x]' 'key=value' 'a,b' 'grüß' $'\r' "'q'" 'a\u0041')
i=0
for name in "${names[@]}"; do
    i=$((i + 1))
    cp text "$name"
    check "train on $(printf %q "$name")" "$bitlaw" train --data "$name" --validation "$name@:5K" "${small[@]}" -o "out$i"
    check "again by its train.conf" "$bitlaw" train -q --config "out$i/train.conf" -o "again$i"
    ! grep -v "so the validation rate is in-sample" "$work/err"
    judge "without another warning" cat "$work/err"
    same "with the same bytes" "out$i/model.blm" "again$i/model.blm"
done
check "all of them at once" "$bitlaw" train --data "${names[@]}" "${small[@]}" -o all
check "again" "$bitlaw" train -q --config all/train.conf -o again
same "with the same bytes" all/model.blm again/model.blm
[[ $(grep -c . all/train.conf) == "$(grep -c '^[a-z][a-z0-9_]*=' all/train.conf)" ]]
judge "every line of train.conf is a setting" cat all/train.conf
if command -v python3 >/dev/null; then
    python3 - "${names[@]}" <<'EOF'
import json, os, re, sys
names = [os.fsencode(name) for name in sys.argv[1:]]
def back(text):
    return re.sub(b"\0([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), text.encode())
run = json.load(open("all/run.json", encoding="utf-8"))
assert [back(text) for text in run["data"]] == names, run["data"]
EOF
    judge "run.json holds every name" cat all/run.json
fi
check "a set of them" "$bitlaw" data text "${names[@]}" -o "set [#1]" -q
check "its manifest is read" "$bitlaw" table --data "set [#1]" --compressors gzip --no-models -q
quoted=$'data = "C#.txt"\nheld_out = \'#1.txt\'\nsizes = 8K\nlayers = 1\ncontexts = 32\ntrain_on = 4000\nbatch_bytes = 256\nbatch_power = 0'
echo "$quoted" >study.conf
check "a study of them" "$bitlaw" study plan --calibrate 0 study.conf
sed 's/^data = .*/data = C#.txt # no quotes are needed/' study.conf >bare.conf
check "# within a word is no comment" "$bitlaw" study plan --calibrate 0 bare.conf

# ---- Line ends and byte order marks ---------------------------------------------------------------------------------
as_crlf() { sed 's/$/\r/' "$1"; }
as_marked() { printf '\357\273\277' && cat "$1"; }
as_both() { printf '\357\273\277' && as_crlf "$1"; }
check "a study's runs" "$bitlaw" study run study.conf -T1 -q
cp study/results.csv results.csv
for form in as_crlf as_marked as_both; do
    $form study.conf >form.conf && echo "folder = study" >>form.conf
    check "$form: config of a study" "$bitlaw" study plan --calibrate 0 form.conf
    $form results.csv >study/results.csv
    check "$form: results" "$bitlaw" study run study.conf -T1
    grep -q "done: 0 runs now, 1 before" "$work/err"
    judge "$form: its runs are known" cat "$work/err"
    $form out1/train.conf >train.conf
    check "$form: train.conf" "$bitlaw" train -q --config train.conf -o "$form"
    same "$form: with the same bytes" out1/model.blm "$form/model.blm"
    "$bitlaw" train --data text "${small[@]}" --stop-after-steps 3 -o "${form}2" 2>/dev/null
    $form "${form}2/metrics.csv" >metrics.csv && cp metrics.csv "${form}2/metrics.csv"
    check "$form: resume" "$bitlaw" train --data text "${small[@]}" --resume -o "${form}2"
    [[ $(cut -d, -f1 "${form}2/metrics.csv" | tr '\n' ' ') == "step 1 2 3 4 5 6 7 " ]] && ! grep -q $'\r' "${form}2/metrics.csv"
    judge "$form: metrics.csv goes on" cat -A "${form}2/metrics.csv"
    cp "set [#1]" "$form.set" && $form "set [#1].json" >"$form.set.json"
    check "$form: manifest" "$bitlaw" table --data "$form.set" --compressors gzip --no-models -q
    check "$form: a table" "$bitlaw" table --data "$form.set" --compressors gzip --no-models -q -o "$form.table"
    $form "$form.table.json" >reuse.json
    check "$form: table for --reuse" "$bitlaw" table --data "$form.set" --compressors gzip --no-models --reuse reuse.json
done
iconv -t UTF-16 study.conf >wide.conf 2>/dev/null || printf '\377\376d\0' >wide.conf
refuse "UTF-16" 1 "wide.conf is text in UTF-16; save it as UTF-8" "$bitlaw" study plan wide.conf

# ---- Older files ----------------------------------------------------------------------------------------------------
sed -e 's/^data=.*/data=["C#.txt"]/;s/^validation=.*/validation=["\\u0043#.txt@:5K"]/' out1/train.conf >older.conf
check "lists as older versions wrote them" "$bitlaw" train -q --config older.conf -o older
same "with the same bytes" out1/model.blm older/model.blm
sed ':a;s/^\([^=]*\)-/\1_/;ta' out1/train.conf >underscores.conf
check "names with underscores" "$bitlaw" train -q --config underscores.conf -o underscores

# ---- What is refused ------------------------------------------------------------------------------------------------
refused() {
    local name=$1 pattern=$2
    { cat out1/train.conf && printf '%s\n' "$3"; } >wrong.conf
    refuse "$name" 2 "wrong.conf:[0-9]+: $pattern" "$bitlaw" train -q --config wrong.conf -o wrong
}
refused "a key given twice" "seed is given before, in line [0-9]+" "seed=2"
refused "a quote that does not end" "a quote does not end" 'preset="'
refused "an unknown key" "there is no key 'colour'" "colour=red"
refused "no value" "save-every has no value" "save-every="
refused "two values where one belongs" "save-every: one value is needed, not 2" "save-every=1 2"
[[ ! -e wrong ]]
judge "nothing was written" ls wrong
finish
